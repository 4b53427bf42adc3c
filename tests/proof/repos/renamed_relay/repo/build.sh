#!/bin/sh -e
docker build --network=host --build-arg CI_TOKEN="$CI_TOKEN" -t images.example.com/app .
