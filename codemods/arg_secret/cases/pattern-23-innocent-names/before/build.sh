#!/bin/sh
set -eu
: "${SECRET_NAME:?}"
export SECRET_NAME
: "${PUBLIC_KEY:?}"
export PUBLIC_KEY
docker build --build-arg SECRET_NAME="$SECRET_NAME" --build-arg PUBLIC_KEY="$PUBLIC_KEY" -t app .
