#!/bin/sh -e
docker build --no-cache --network=host --secret id=npm_token,src=./npm_token.txt -t images.example.com/app .
