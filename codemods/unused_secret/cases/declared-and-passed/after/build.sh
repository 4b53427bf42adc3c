#!/bin/sh
set -e
docker build --build-arg REVISION="$1" -t site .
