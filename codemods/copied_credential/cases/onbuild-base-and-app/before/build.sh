#!/bin/sh
set -e
docker build -t images.example.com/team/base base
docker build -t images.example.com/team/app app
docker build -t images.example.com/team/other other
