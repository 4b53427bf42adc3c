#!/bin/sh
set -e
if [ -n "$GITHUB_TOKEN" ]; then echo "with a token"; fi
