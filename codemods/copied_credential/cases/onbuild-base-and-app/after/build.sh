#!/bin/sh
set -e
docker build -t images.example.com/team/base base
docker build --secret id=npmrc,src=app/.npmrc -t images.example.com/team/app app
docker build -t images.example.com/team/other other
