#!/bin/sh
set -eu
: "${NPM_TOKEN:?is not set}"
docker build --secret id=npm_token,env=NPM_TOKEN -t app .
docker push app
