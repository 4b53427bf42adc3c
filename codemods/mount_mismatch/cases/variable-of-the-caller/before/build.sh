#!/bin/sh
set -eu
: "${NPM_TOKEN:?is not set}"
docker build -t app .
docker push app
