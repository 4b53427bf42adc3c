#!/bin/sh
set -eu
T=$(cat ~/.token)
time docker build --build-arg API_TOKEN=$T -t app .
