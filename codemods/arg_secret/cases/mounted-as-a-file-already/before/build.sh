#!/bin/sh
docker build --secret id=GITHUB_TOKEN --build-arg GITHUB_TOKEN -t linter .
