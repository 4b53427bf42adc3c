#!/bin/sh
set -eu
: "${NPM_TOKEN:?}"
export NPM_TOKEN
docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t app .
