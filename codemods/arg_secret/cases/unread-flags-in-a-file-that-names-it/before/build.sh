#!/usr/bin/env bash
set -euo pipefail

flags() {
  for name in AWS_DEFAULT_REGION AWS_SECRET_ACCESS_KEY; do
    printf -- '--build-arg %s=%s ' "$name" "${!name}"
  done
}

docker build $(flags) -t model .
