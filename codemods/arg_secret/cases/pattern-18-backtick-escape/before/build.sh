#!/bin/sh
set -eu
: "${API_TOKEN:?}"
export API_TOKEN
docker build --build-arg API_TOKEN="$API_TOKEN" -t app .
