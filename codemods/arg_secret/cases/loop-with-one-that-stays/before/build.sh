#!/bin/sh
set -eu
for service in api web; do
  docker build --build-arg NPM_TOKEN -t "acme/$service" "services/$service"
done
