#!/bin/sh
set -eu
docker build \
  --secret id=npm-token,src="$HOME/.npmrc" \
  -t app .
