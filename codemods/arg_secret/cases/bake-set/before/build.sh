#!/bin/sh
set -e
token=$(vault read -field=token secret/npm)
docker buildx bake --set "*.args.NPM_TOKEN=$token" --set '*.args.DEBUG=1' shop
