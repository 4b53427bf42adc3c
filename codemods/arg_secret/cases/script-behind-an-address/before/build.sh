#!/bin/sh
docker build --build-arg REPO_TOKEN -t app .
