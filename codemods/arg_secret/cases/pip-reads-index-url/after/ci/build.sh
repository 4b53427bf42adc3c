#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."

PIP_EXTRA_INDEX_URL="https://ci:${FEED_PASSWORD}@python.example.com/simple" docker build \
  --secret id=pip_extra_index_url,env=PIP_EXTRA_INDEX_URL \
  --tag registry.example.com/billing:"${GIT_SHA:-dev}" \
  .
