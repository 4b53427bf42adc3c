#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."

docker build --network=host --secret id=npm_token,env=NPM_TOKEN --target build -t images.example.com/app-build .
docker build --network=host --secret id=npm_token,env=NPM_TOKEN -t images.example.com/app .
