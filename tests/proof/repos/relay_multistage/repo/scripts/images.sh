#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."

docker build --network=host --build-arg "NPM_TOKEN=$NPM_TOKEN" --target build -t images.example.com/app-build .
docker build --network=host --build-arg "NPM_TOKEN=$NPM_TOKEN" -t images.example.com/app .
