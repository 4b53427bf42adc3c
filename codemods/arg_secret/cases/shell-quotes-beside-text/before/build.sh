#!/bin/bash
set -e
docker build --build-arg NPM_TOKEN="$ACCOUNT"_"$NPM_TOKEN" -t registry.example.com/a .
docker build --build-arg NPM_TOKEN="$NPM_TOKEN"suffix -t registry.example.com/b .
docker build --build-arg NPM_TOKEN="$ACCOUNT":"$NPM_TOKEN" -t registry.example.com/c .
