#!/bin/sh
set -eu
docker build --secret id=aws_secret_access_key,env=AWS_SECRET_ACCESS_KEY -t app .
