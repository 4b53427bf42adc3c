#!/bin/bash
export TOKEN=`aws codeartifact get-authorization-token --domain acme --query authorizationToken --output text`
export PIP_INDEX_URL=https://aws:$TOKEN@acme.codeartifact.example/pypi/store/simple/
docker build --no-cache --build-arg PIP_INDEX_URL=$PIP_INDEX_URL -t get .
docker push get
