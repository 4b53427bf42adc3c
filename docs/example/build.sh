#!/usr/bin/env bash
# Builds the image on a laptop. NPM_TOKEN comes from the environment, the other token from the team's vault.
set -euo pipefail
cd "$(dirname "$0")"

sentry_token=$(vault kv get -field=token secret/storefront/sentry)

docker build \
  --build-arg NPM_TOKEN \
  --build-arg SENTRY_AUTH_TOKEN="$sentry_token" \
  --build-arg REVISION="$(git rev-parse --short HEAD)" \
  --tag storefront:dev .
