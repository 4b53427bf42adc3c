#!/bin/sh
set -e
docker build --build-arg SECRET_KEY -t app .
