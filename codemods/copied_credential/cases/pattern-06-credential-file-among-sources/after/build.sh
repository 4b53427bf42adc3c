#!/bin/sh
set -eu
docker build --secret id=npmrc,src=.npmrc -t app .
