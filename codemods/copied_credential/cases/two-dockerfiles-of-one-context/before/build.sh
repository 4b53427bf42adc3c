#!/bin/sh
set -e
docker build -t app .
docker build -t worker -f worker.Dockerfile .
