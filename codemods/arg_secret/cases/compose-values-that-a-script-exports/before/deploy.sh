#!/bin/sh
set -a
. ./.env
set +a
docker compose up -d --build
