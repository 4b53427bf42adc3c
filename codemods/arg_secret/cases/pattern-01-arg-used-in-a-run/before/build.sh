#!/bin/sh
set -eu
: "${ASSETS_TOKEN:?}"
export ASSETS_TOKEN
docker build --build-arg ASSETS_TOKEN="$ASSETS_TOKEN" -t app .
