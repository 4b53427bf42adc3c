#!/bin/sh
set -e
docker build --build-arg DL_TOKEN -t app .
