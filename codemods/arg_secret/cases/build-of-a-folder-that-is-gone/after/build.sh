#!/bin/sh
docker build --build-arg NPM_TOKEN --secret id=npm_token,env=NPM_TOKEN -t acme/api apps/api
