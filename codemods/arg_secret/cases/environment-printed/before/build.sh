#!/bin/sh
set -e
docker build --build-arg DB_PASSWORD -t app .
