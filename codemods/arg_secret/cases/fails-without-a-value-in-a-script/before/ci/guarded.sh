#!/bin/sh
set -e
docker build --build-arg NPM_TOKEN="${NPM_TOKEN:?is not set}" -t shop .
