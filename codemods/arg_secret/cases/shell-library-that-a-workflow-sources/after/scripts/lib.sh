#!/bin/bash

set -euo pipefail

require() {
  command -v "$1" >/dev/null || exit 1
}

require docker

build_image() {
  NPM_TOKEN="$TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN -t "$1" .
}
