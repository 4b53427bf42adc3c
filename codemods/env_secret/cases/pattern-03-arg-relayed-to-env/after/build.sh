#!/bin/sh
set -eu
: "${NODE_AUTH_TOKEN:?}"
export NODE_AUTH_TOKEN
docker build --secret id=node_auth_token,env=NODE_AUTH_TOKEN -t app .
