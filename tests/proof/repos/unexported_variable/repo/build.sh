#!/usr/bin/env bash
set -euo pipefail

FILES_TOKEN="$(< token.txt)"
tag=images.example.com/app

docker build \
    --network=host \
    --build-arg FILES_TOKEN="${FILES_TOKEN}" \
    -t "${tag}" \
    .
