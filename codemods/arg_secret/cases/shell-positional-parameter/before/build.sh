#!/bin/sh
# usage: build.sh TOKEN
docker build --build-arg "NPM_TOKEN=$1" -t shop .
