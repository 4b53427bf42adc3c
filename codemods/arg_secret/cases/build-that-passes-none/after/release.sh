#!/bin/sh
set -eu
export SECRET_KEY
docker build --secret id=secret_key,env=SECRET_KEY -t app .
