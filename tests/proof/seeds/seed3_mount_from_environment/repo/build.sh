#!/bin/sh -e
docker build --no-cache --network=host --secret id=npm_token,env=NPM_TOKEN -t images.example.com/app .
