#!/bin/sh
docker build --secret id=GITHUB_TOKEN -t linter .
