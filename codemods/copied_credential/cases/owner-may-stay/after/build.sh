#!/bin/sh
set -e
docker build --secret id=npmrc,src=.npmrc -t app .
