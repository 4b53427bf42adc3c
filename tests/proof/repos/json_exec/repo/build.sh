#!/bin/sh -e
docker build --network=host -t images.example.com/app --build-arg NPM_TOKEN="${NPM_TOKEN}" .
