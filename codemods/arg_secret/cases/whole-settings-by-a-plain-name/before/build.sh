#!/bin/sh
set -eu
for stage in build tools notes; do
    docker build --target "$stage" --build-arg BUILD_SETTINGS --build-arg PIP_CONFIGURATION \
        --build-arg GREETING=hello --tag "shop-$stage" .
done
