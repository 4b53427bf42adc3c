#!/usr/bin/env bash
set -euo pipefail
docker build --network=host -t images.example.com/app .
