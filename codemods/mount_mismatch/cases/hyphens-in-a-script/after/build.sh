#!/bin/sh
set -eu
docker build \
  --secret id=npm_token,src="$HOME/.npmrc" \
  -t app .
