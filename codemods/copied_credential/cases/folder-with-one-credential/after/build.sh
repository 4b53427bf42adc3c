#!/bin/sh
set -e
docker build --secret id=aws_credentials,src=.aws/credentials -t app .
