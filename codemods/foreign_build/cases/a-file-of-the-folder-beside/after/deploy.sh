#!/bin/sh
cd "$(dirname "$0")"
docker build --secret id=npmrc,src=../shop/.npmrc -t shop ../shop
