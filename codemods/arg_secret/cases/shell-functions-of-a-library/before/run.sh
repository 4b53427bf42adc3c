#!/bin/bash
set -e
. ./config.sh
source ./lib.sh
build
