#!/bin/sh
docker build --build-arg MACHINE --tag shop-sources .
