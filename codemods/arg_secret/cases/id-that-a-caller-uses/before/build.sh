#!/bin/sh
set -e
docker build --secret id=NPM_TOKEN,env=NPM_TOKEN --build-arg NPM_TOKEN -t shop .
