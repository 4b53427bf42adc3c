#!/bin/sh
set -eu
for service in api web; do
  docker build --secret id=npm_token,env=NPM_TOKEN -t "acme/$service" "services/$service"
done
