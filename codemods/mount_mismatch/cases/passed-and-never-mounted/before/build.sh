#!/bin/sh
docker build --secret id=npm_token,src=.npmrc --secret id=aws,src=.aws/credentials -t app .
