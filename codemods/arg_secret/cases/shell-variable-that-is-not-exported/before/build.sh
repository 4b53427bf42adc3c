#!/bin/bash
set -e
TOKEN=$(aws codeartifact get-authorization-token --domain acme --query authorizationToken --output text)
image="shop:$1"

docker build --build-arg NPM_TOKEN=$TOKEN -t "$image" .
docker push "$image"
