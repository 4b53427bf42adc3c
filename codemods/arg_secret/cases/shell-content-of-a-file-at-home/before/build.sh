#!/bin/sh
set -e
docker build --build-arg NPM_TOKEN=$(cat ~/.npm-token) -t shop .
