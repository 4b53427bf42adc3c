#!/bin/sh
set -e
docker build --secret id=HTTP_AUTH_TOKEN_raw.githubusercontent.com,env=GITHUB_TOKEN -t app .
