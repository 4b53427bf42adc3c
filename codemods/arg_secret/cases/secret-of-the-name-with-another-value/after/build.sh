#!/bin/sh
docker build --secret id=npm_token,env=PUBLISH_TOKEN --secret id=npm_token_argument,env=NPM_TOKEN -t shop .
