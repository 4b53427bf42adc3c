#!/usr/bin/env bash
docker build --network=host --build-arg NPM_TOKEN="$NPM_TOKEN" -t images.example.com/app .
