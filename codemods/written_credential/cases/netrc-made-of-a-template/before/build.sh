#!/bin/sh -e
docker build --build-arg GIT_TOKEN="$GIT_TOKEN" -t registry.example.com/agent .
