#!/bin/sh
set -e
GITHUB_TOKEN="$GITHUB_TOKEN" docker build --secret id=HTTP_AUTH_TOKEN_raw.githubusercontent.com,env=GITHUB_TOKEN -t app .
