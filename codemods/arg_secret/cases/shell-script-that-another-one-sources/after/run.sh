#!/bin/bash
set -e
TOKEN=$(cat tok)
. "$(dirname "$0")/build-image.sh"
