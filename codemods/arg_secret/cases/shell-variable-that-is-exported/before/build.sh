#!/bin/bash
set -e
export TOKEN=$(aws codeartifact get-authorization-token --domain acme --query authorizationToken --output text)
docker build --build-arg NPM_TOKEN=$TOKEN -t shop .
