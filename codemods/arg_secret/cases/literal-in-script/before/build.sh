#!/bin/sh
docker build --build-arg NPM_TOKEN=correct-horse-battery-staple -t shop .
