#!/bin/sh -e
docker build --build-arg REGISTRY_TOKEN="$REGISTRY_TOKEN" -t registry.example.com/web .
