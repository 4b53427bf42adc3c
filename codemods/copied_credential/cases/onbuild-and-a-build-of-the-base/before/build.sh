#!/bin/sh
docker build -t base .
