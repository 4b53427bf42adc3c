#!/bin/sh
set -eu
docker build --ssh default=id_rsa -t app .
