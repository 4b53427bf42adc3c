#!/usr/bin/env bash
set -e
export PIP_INDEX_URL="https://aws:$CODEARTIFACT_AUTH_TOKEN@python.example.com/pypi/simple/"
docker build . -t worker \
    --build-arg PIP_INDEX_URL \
    --build-arg PIP_EXTRA_INDEX_URL="$PIP_EXTRA_INDEX_URL" \
    --build-arg CODEARTIFACT_AUTH_TOKEN=${CODEARTIFACT_AUTH_TOKEN}
