#!/bin/sh
set -e
export NPM_TOKEN
docker build --secret id=npm_token,env=NPM_TOKEN -t shop https://git.example.com/acme/shop.git#main
