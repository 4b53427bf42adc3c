#!/bin/bash
export PIP_INDEX_URL=https://aws:$TOKEN@acme.codeartifact.example/pypi/store/simple/
docker build --build-arg PIP_INDEX_URL=$PIP_INDEX_URL -t put .
