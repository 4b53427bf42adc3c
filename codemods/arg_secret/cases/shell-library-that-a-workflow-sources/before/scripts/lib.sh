#!/bin/bash

set -euo pipefail

require() {
  command -v "$1" >/dev/null || exit 1
}

require docker

build_image() {
  docker build --build-arg NPM_TOKEN="$TOKEN" -t "$1" .
}
