#!/bin/sh -e
docker build --no-cache --network=host --build-arg DB_PASSWORD="$DB_PASSWORD" -t images.example.com/app .
