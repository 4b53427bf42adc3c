#!/bin/sh
set -e
if command -v podman >/dev/null; then
    podman build --build-arg NPM_TOKEN -t shop .
else
    docker build --build-arg NPM_TOKEN -t shop .
fi
