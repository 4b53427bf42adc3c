#!/bin/sh -e
docker build --network=host --build-arg FILES_TOKEN="$FILES_TOKEN" -t images.example.com/app .
