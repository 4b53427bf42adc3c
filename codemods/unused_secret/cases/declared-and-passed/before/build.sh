#!/bin/sh
set -e
docker build --build-arg SONAR_TOKEN="$SONAR_TOKEN" --build-arg REVISION="$1" -t site .
