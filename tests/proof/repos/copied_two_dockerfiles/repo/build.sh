#!/usr/bin/env bash
set -euo pipefail
docker build --network=host -t images.example.com/app .
docker build --network=host -f tools.Dockerfile -t images.example.com/tools .
