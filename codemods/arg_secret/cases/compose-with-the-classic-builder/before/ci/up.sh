#!/bin/sh
export DOCKER_BUILDKIT=0
docker compose -f compose.yaml up -d --build
