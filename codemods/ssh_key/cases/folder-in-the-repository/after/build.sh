#!/bin/sh
set -e
docker build --ssh default=.ssh/id_ed25519 -t app .
