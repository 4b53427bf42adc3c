#!/bin/sh
docker build \
    --build-arg REVISION="$(git rev-parse HEAD)" \
    --tag base .
