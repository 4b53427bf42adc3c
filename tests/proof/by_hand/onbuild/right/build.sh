#!/bin/sh -e
docker build --network=host -f base.Dockerfile -t images.example.com/base .
docker build --network=host --secret id=npm_token,env=NPM_TOKEN -t images.example.com/app .
