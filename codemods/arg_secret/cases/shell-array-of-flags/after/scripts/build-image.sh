#!/usr/bin/env bash
set -e
cd "$(dirname "$0")/.."

args=(
  --tag "shop:${TAG:-dev}"
  --secret id=npm_token,env=NPM_TOKEN
)
if [[ -n ${NO_CACHE:-} ]]; then
  args+=(--no-cache)
fi
docker build "${args[@]}" .
