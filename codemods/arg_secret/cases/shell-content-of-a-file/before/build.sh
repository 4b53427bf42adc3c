#!/bin/sh
set -e
docker build --build-arg NPM_TOKEN="$(cat .secrets/npm-token)" -t shop .
