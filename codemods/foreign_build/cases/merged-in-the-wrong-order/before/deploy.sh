#!/bin/sh
set -e
export NPM_TOKEN
docker build --build-arg NPM_TOKEN -t shop https://git.example.com/acme/shop.git#main
