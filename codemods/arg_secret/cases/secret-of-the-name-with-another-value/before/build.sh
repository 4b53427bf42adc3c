#!/bin/sh
docker build --secret id=npm_token,env=PUBLISH_TOKEN --build-arg NPM_TOKEN="$NPM_TOKEN" -t shop .
