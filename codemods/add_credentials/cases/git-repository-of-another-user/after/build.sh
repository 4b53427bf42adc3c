#!/bin/sh
set -e
docker build --secret id=deploy_token,env=DEPLOY_TOKEN -t app .
