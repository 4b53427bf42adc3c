#!/bin/sh -e
docker build --network=host --build-arg ROOT_PASSWORD="$ROOT_PASSWORD" -t images.example.com/app .
