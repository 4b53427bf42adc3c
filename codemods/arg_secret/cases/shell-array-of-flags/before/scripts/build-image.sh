#!/usr/bin/env bash
set -e
cd "$(dirname "$0")/.."

args=(
  --tag "shop:${TAG:-dev}"
  --build-arg NPM_TOKEN
)
if [[ -n ${NO_CACHE:-} ]]; then
  args+=(--no-cache)
fi
docker build "${args[@]}" .
