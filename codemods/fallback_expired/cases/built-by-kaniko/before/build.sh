#!/bin/sh
/kaniko/executor --context . --build-arg NPM_TOKEN --destination shop
