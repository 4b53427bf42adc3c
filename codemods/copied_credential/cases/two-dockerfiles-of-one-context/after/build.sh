#!/bin/sh
set -e
docker build --secret id=npmrc,src=.npmrc -t app .
docker build --secret id=npmrc,src=.npmrc -t worker -f worker.Dockerfile .
