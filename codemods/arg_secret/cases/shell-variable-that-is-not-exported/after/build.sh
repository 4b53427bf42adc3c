#!/bin/bash
set -e
TOKEN=$(aws codeartifact get-authorization-token --domain acme --query authorizationToken --output text)
image="shop:$1"

NPM_TOKEN="$TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN -t "$image" .
docker push "$image"
