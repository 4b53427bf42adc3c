#!/bin/sh
set -eu
export SECRET_KEY
docker build --build-arg SECRET_KEY -t app .
