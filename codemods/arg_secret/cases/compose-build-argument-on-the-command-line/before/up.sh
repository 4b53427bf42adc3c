#!/bin/sh
docker compose build --build-arg NPM_TOKEN=$NPM_TOKEN
docker compose up -d
