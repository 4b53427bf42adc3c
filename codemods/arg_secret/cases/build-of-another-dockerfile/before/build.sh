#!/bin/sh
docker build --build-arg NPM_TOKEN -f Dockerfile.alpine -t shop .
