#!/bin/sh -e
docker build --no-cache --network=host  -t images.example.com/app .
