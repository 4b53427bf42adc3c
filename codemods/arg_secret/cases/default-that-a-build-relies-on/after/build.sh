#!/bin/sh
set -e
docker build --secret id=hook_secret,env=HOOK_SECRET -t app .
