#!/bin/sh
docker build \
	--secret "id=npm_token,src=$HOME/.npmrc" \
	--tag app:latest \
	--progress plain .
