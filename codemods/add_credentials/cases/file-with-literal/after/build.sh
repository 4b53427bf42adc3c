#!/bin/sh
set -e
docker build --secret id=build_password,env=BUILD_PASSWORD -t app .
