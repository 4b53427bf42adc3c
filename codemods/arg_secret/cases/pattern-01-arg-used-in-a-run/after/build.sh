#!/bin/sh
set -eu
: "${ASSETS_TOKEN:?}"
export ASSETS_TOKEN
docker build --secret id=assets_token,env=ASSETS_TOKEN -t app .
