#!/bin/bash
set -e
CMD="docker build --build-arg NPM_TOKEN=$NPM_TOKEN -t registry.example.com/a ."
echo "building a"
eval "$CMD"
OTHER="docker build --build-arg NPM_TOKEN=$NPM_TOKEN -t registry.example.com/b ."
bash -c "$OTHER"
