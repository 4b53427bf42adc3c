#!/bin/sh
set -e
docker build --build-arg NPM_TOKEN -t acme/shop .
git clone https://git.example.com/acme/theme.git themes/plain
docker build --build-arg NPM_TOKEN -t acme/theme themes/plain
