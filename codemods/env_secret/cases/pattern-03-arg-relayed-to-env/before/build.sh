#!/bin/sh
set -eu
: "${NODE_AUTH_TOKEN:?}"
export NODE_AUTH_TOKEN
docker build --build-arg NODE_AUTH_TOKEN="$NODE_AUTH_TOKEN" -t app .
