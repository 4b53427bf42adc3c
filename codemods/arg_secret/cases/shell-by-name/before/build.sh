#!/usr/bin/env bash
set -euo pipefail

# NPM_TOKEN comes from the developer's keychain.
docker buildx build \
  --platform linux/amd64,linux/arm64 \
  --build-arg NPM_TOKEN \
  --build-arg NODE_ENV=production \
  --push -t registry.example.com/shop:latest .
