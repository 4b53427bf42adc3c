#!/bin/bash
set -e
readonly NPM_TOKEN="$1"
NPM_TOKEN_SECRET="$NPM_TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN_SECRET -t registry.example.com/a .
