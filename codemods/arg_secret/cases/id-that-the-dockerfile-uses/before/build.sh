#!/bin/sh
set -e
docker build --secret id=npm,env=NPM_TOKEN --build-arg NPM_TOKEN="$NPM_TOKEN" -t web .
