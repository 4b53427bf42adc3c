#!/bin/bash
set -e
. ./settings.sh
load
NPM_TOKEN="$NPM_TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/c .
