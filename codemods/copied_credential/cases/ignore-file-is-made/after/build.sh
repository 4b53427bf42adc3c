#!/bin/sh
docker build --secret id=npmrc,src=web/.npmrc -t app web
