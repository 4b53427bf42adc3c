#!/bin/sh -e
export GIT_USER_TOKEN=build
docker build --network=host --build-arg GIT_USER_TOKEN --build-arg GIT_TOKEN -t images.example.com/app .
