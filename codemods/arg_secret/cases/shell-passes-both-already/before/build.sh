#!/bin/sh
set -e
docker build \
    --secret id=npm_token,env=NPM_TOKEN \
    --build-arg NPM_TOKEN="$NPM_TOKEN" \
    -t shop .
