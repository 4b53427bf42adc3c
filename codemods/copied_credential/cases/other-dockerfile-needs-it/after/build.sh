#!/bin/sh
docker build --secret id=npmrc,src=.npmrc -t app .
