#!/bin/bash
docker build ${NPM_TOKEN:+--build-arg "NPM_TOKEN=$NPM_TOKEN"} .
docker build ${NPM_TOKEN:+--build-arg="NPM_TOKEN=$NPM_TOKEN"} .
docker build ${NPM_TOKEN:+--build-arg NPM_TOKEN="$NPM_TOKEN" --build-arg "X=$X y"} .
docker build ${NPM_TOKEN:+--build-arg NPM_TOKEN=$NPM_TOKEN} .
