#!/bin/sh -e
docker build --network=host --build-arg REGISTRY_TOKEN="$REGISTRY_TOKEN" -t images.example.com/app .
