#!/bin/sh -e
docker build --network=host --build-arg GIT_TOKEN="$GIT_TOKEN" -t images.example.com/app .
