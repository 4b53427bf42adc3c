#!/bin/sh
exec docker build --secret id=assets_token,env=ASSETS_TOKEN --build-arg ASSETS_VERSION=2024.4 -t maps .
