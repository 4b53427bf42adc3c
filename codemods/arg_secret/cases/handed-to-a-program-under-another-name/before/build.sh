#!/bin/sh
docker build --build-arg API_TOKEN -t x .
