#!/bin/sh
set -e
cd /srv/shop
git pull
docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t acme/shop .
docker run -d acme/shop
