#!/bin/bash
set -e
CMD="docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/a ."
echo "building a"
eval "$CMD"
OTHER="docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/b ."
bash -c "$OTHER"
