#!/bin/sh
docker build --build-arg COMPOSER_AUTH=true -t app .
