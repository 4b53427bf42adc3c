#!/bin/sh
set -e
: "${NPM_TOKEN:=$(cat ~/.npm-token)}"
NPM_TOKEN="$NPM_TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/a .
