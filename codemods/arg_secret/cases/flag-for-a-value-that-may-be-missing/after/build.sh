#!/bin/bash
docker build ${NPM_TOKEN:+--secret id=npm_token,env=NPM_TOKEN} .
docker build ${NPM_TOKEN:+--secret=id=npm_token,env=NPM_TOKEN} .
docker build ${NPM_TOKEN:+--secret id=npm_token,env=NPM_TOKEN --build-arg "X=$X y"} .
docker build ${NPM_TOKEN:+--secret id=npm_token,env=NPM_TOKEN} .
