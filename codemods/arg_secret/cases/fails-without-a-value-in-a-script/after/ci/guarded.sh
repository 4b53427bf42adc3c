#!/bin/sh
set -e
NPM_TOKEN="${NPM_TOKEN:?is not set}" docker build --secret id=npm_token,env=NPM_TOKEN -t shop .
