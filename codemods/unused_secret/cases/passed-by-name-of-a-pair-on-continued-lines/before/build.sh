#!/bin/sh
docker build \
    --build-arg REVISION="$(git rev-parse HEAD)" \
    --build-arg API_SECRET_KEY \
    --tag base .
