#!/bin/sh
set -eu
docker build --build-arg "NPM_TOKEN=$NPM_TOKEN" -t shop . # nightly
