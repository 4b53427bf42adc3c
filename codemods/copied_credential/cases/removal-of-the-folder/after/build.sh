#!/bin/sh
set -e
docker build --secret id=auth_json,src=auth.json -t app .
