#!/bin/sh
docker build --build-arg ART_TOKEN -t app .
