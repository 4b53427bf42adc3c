#!/bin/sh -e
docker build --network=host --build-arg TOKEN="$TOKEN" -t images.example.com/app .
