#!/bin/sh
set -e
docker build --secret id=netrc,src=netrc -t app .
