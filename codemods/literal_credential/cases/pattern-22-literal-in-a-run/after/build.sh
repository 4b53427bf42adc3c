#!/bin/sh
set -eu
docker build --secret id=build_token,env=BUILD_TOKEN -t app .
