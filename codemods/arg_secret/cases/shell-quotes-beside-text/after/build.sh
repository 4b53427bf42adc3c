#!/bin/bash
set -e
NPM_TOKEN="${ACCOUNT}_$NPM_TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/a .
NPM_TOKEN="${NPM_TOKEN}suffix" docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/b .
NPM_TOKEN="$ACCOUNT:$NPM_TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/c .
