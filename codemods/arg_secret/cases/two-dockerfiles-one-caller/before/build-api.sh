#!/bin/sh
set -e
docker build --build-arg NPM_TOKEN -t api -f api/Dockerfile api
