#!/bin/sh
set -e
exec docker build "$@" -t shop .
