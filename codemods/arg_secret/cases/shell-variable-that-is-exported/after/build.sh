#!/bin/bash
set -e
export TOKEN=$(aws codeartifact get-authorization-token --domain acme --query authorizationToken --output text)
docker build --secret id=npm_token,env=TOKEN -t shop .
