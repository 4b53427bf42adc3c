#!/bin/sh
set -e
cd /src/tests
git fetch -q origin
git checkout -q v1.2
