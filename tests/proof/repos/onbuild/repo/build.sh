#!/bin/sh -e
docker build --network=host -f base.Dockerfile -t images.example.com/base .
docker build --network=host --build-arg NPM_TOKEN="$NPM_TOKEN" -t images.example.com/app .
