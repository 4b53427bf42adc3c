#!/bin/sh
set -e
sed "s/node:22/node:$NODE/" Dockerfile | docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t shop -f - .
