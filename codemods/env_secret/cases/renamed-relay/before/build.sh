#!/bin/sh
docker build --build-arg CI_JOB_SECRET_TOKEN="$JOB_TOKEN" -t fonts .
