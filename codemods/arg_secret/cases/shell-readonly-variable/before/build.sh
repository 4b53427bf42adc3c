#!/bin/bash
set -e
readonly NPM_TOKEN="$1"
docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t registry.example.com/a .
