#!/usr/bin/env bash
set -e
export PIP_INDEX_URL="https://aws:$CODEARTIFACT_AUTH_TOKEN@python.example.com/pypi/simple/"
docker build . -t worker \
    --secret id=pip_index_url,env=PIP_INDEX_URL \
    --secret id=pip_extra_index_url,env=PIP_EXTRA_INDEX_URL \
    --secret id=codeartifact_auth_token,env=CODEARTIFACT_AUTH_TOKEN
