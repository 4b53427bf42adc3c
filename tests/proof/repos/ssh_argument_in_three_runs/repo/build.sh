#!/usr/bin/env bash
set -euo pipefail
docker build --network=host --build-arg SSH_PRIVATE_KEY="$(cat ./deploy_key)" -t images.example.com/app .
