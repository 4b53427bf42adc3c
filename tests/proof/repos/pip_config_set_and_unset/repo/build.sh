#!/bin/sh -e
docker build --network=host --build-arg INDEX_TOKEN="$INDEX_TOKEN" -t images.example.com/app .
