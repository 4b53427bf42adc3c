#!/bin/bash
set -e
. ./settings.sh
load
docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t registry.example.com/c .
