#!/bin/sh
set -e
docker build --secret id=npmrc,src=ci/.npmrc -t app .
