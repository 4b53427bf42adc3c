#!/bin/sh -e
docker build --build-arg AUTH_SECRET -t app .
