#!/bin/bash
export PIP_INDEX_URL=https://aws:$TOKEN@acme.codeartifact.example/pypi/store/simple/
docker build --secret id=pip_index_url,env=PIP_INDEX_URL -t put .
