#!/bin/sh
docker build --secret id=npm_token,env=NPM_TOKEN -t app .
