#!/bin/sh
set -e
export NPM_TOKEN
docker build -t shop https://git.example.com/acme/shop.git#main
