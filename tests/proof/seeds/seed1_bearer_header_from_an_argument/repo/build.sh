#!/bin/sh -e
docker build --no-cache --network=host --build-arg TOKEN="$TOKEN" -t images.example.com/app .
