#!/bin/sh
docker build --build-arg NPM_TOKEN -t app .
