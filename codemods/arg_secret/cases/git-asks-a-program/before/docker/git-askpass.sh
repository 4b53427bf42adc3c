#!/bin/sh
echo "$GITHUB_TOKEN"
