#!/bin/sh
set -eu
export NPM_TOKEN
docker build --secret id=npm_token,env=NPM_TOKEN -t app .
