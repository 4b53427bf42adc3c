#!/bin/bash
set -e
eval "$(ssh-agent -s)"
docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/a .
eval "$(keeper env)"
NPM_TOKEN="$NPM_TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/b .
