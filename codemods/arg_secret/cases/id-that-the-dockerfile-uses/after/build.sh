#!/bin/sh
set -e
docker build --secret id=npm,env=NPM_TOKEN -t web .
