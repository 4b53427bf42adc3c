#!/bin/sh
set -e
if command -v podman >/dev/null; then
    podman build --secret id=npm_token,env=NPM_TOKEN -t shop .
else
    docker build --secret id=npm_token,env=NPM_TOKEN -t shop .
fi
