#!/bin/sh
docker build --build-arg NPM_TOKEN -t acme/api apps/api
