#!/bin/sh
set -e
docker build --secret id=registry_config_json,src=ci/registry/config.json -t app .
