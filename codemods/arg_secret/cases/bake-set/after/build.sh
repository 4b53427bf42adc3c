#!/bin/sh
set -e
token=$(vault read -field=token secret/npm)
NPM_TOKEN="$token" docker buildx bake --set "*.secrets+=id=npm_token,env=NPM_TOKEN" --set '*.args.DEBUG=1' shop
