#!/bin/sh
set -e
docker build --secret id=npm_token,env=NPM_TOKEN -t acme/shop .
git clone https://git.example.com/acme/theme.git themes/plain
docker build --build-arg NPM_TOKEN --secret id=npm_token,env=NPM_TOKEN -t acme/theme themes/plain
