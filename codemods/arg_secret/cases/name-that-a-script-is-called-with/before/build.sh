#!/bin/sh
docker build --build-arg "$1" -t acme/shop .
