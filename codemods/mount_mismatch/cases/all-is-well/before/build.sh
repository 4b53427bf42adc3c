#!/bin/sh
docker build --secret id=npm_token,src=.npmrc --secret id=GIT_AUTH_TOKEN,env=GIT_AUTH_TOKEN -t app .
