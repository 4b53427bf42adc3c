#!/bin/sh
set -e
docker build --secret id=env,src=.env -t app .
