#!/bin/sh
# usage: build.sh TOKEN
NPM_TOKEN="$1" docker build --secret id=npm_token,env=NPM_TOKEN -t shop .
