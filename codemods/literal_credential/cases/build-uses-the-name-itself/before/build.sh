#!/bin/sh -e
BUILD_TOKEN=$(date +%s)
docker build -t app:$BUILD_TOKEN .
