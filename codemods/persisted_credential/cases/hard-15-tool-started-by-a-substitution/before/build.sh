#!/bin/sh -e
docker build --build-arg GITHUB_TOKEN="$GITHUB_TOKEN" -t registry.example.com/design .
