#!/bin/sh
set -e
make image BUILD_ARGS="--build-arg NPM_TOKEN=$NPM_TOKEN"
