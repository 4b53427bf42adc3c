#!/bin/sh
set -eu
: "${GITHUB_TOKEN:?}"
export GITHUB_TOKEN
docker build --secret id=github_token,env=GITHUB_TOKEN -t app .
