#!/bin/sh -e
docker build --target base -t base .
docker build -t app .
