#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."

docker build \
  --build-arg PIP_EXTRA_INDEX_URL="https://ci:${FEED_PASSWORD}@python.example.com/simple" \
  --tag registry.example.com/billing:"${GIT_SHA:-dev}" \
  .
