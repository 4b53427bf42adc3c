#!/bin/sh
set -e
docker build --secret id=npm_token,src=.secrets/npm-token -t shop .
