#!/bin/sh -e
docker build --network=host --build-arg NETRC_TOKEN="$NETRC_TOKEN" -t images.example.com/app .
