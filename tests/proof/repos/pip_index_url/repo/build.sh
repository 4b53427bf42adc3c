#!/usr/bin/env bash
set -euo pipefail
args=(
  --network=host
  --build-arg "PIP_INDEX_URL=${PIP_INDEX_URL}"
)
docker buildx build "${args[@]}" --tag images.example.com/app --load .
