#!/bin/sh
set -eu
export API_TOKEN
docker build --secret id=api_token,env=API_TOKEN -t app .
