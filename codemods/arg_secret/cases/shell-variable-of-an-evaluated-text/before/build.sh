#!/bin/bash
set -e
eval "$(ssh-agent -s)"
docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t registry.example.com/a .
eval "$(keeper env)"
docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t registry.example.com/b .
