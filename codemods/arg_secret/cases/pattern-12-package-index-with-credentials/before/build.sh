#!/bin/sh
set -eu
: "${PIP_INDEX_URL:?}"
export PIP_INDEX_URL
docker build --build-arg PIP_INDEX_URL="$PIP_INDEX_URL" -t app .
