#!/bin/sh
set -e
docker build --build-arg NPM_TOKEN -t legacy ./legacy
