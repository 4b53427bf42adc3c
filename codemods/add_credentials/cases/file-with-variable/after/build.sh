#!/bin/sh
set -e
docker build --secret id=dl_token,env=DL_TOKEN -t app .
