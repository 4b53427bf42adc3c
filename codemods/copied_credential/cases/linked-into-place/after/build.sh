#!/bin/sh
set -e
docker build --secret id=netrc,src=ci/netrc -t app .
