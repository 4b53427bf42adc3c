#!/bin/sh
set -e
sed "s/node:22/node:$NODE/" Dockerfile | docker build --secret id=npm_token,env=NPM_TOKEN -t shop -f - .
