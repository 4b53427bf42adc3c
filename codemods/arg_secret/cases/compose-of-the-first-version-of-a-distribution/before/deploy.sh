#!/bin/sh
set -e
sudo apt-get update
sudo apt-get install -y \
  docker.io docker-compose
docker-compose up -d --build
