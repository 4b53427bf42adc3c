#!/bin/sh
set -e
docker build --build-arg API_TOKEN="$API_TOKEN" -t acme/base:latest .
docker build -t acme/app -f app.Dockerfile .
