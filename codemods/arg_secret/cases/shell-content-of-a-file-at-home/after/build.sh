#!/bin/sh
set -e
docker build --secret "id=npm_token,src=$HOME/.npm-token" -t shop .
