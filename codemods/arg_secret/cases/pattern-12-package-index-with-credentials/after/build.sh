#!/bin/sh
set -eu
: "${PIP_INDEX_URL:?}"
export PIP_INDEX_URL
docker build --secret id=pip_index_url,env=PIP_INDEX_URL -t app .
