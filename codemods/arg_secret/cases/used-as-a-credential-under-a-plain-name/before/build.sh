#!/bin/sh
docker build --build-arg SHOP --build-arg PACKAGES --build-arg RELEASES="$(vault read -field=word secret/releases)" \
    --build-arg SOURCES_USER=ci --build-arg ENDPOINT=eu --tag shop .
