#!/bin/sh
docker build \
	--build-arg NPM_TOKEN="$(cat ~/.npmrc)" \
	--tag app:latest \
	--progress plain .
