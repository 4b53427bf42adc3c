#!/bin/sh -e
docker build --network=host --build-arg APT_PASSWORD="$APT_PASSWORD" -t images.example.com/app .
