#!/bin/sh -e
docker build --network=host --build-arg FILES_TOKEN="$(cat token.txt)" -t images.example.com/app .
