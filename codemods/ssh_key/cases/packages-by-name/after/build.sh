#!/bin/sh
set -e
docker build --ssh default=id_rsa -t app .
