#!/bin/sh
docker build --build-arg DATABASE_URL -t shop .
