#!/bin/sh
exec docker build --build-arg "ASSETS_TOKEN=$ASSETS_TOKEN" --build-arg ASSETS_VERSION=2024.4 -t maps .
