#!/usr/bin/env bash
set -euo pipefail
docker build --network=host --build-arg WIDGET_TOKEN="${WIDGET_TOKEN}" --tag images.example.com/app .
