#!/bin/sh
set -eu
: "${GITHUB_TOKEN:?}"
export GITHUB_TOKEN
docker build --build-arg GITHUB_TOKEN="$GITHUB_TOKEN" -t app .
