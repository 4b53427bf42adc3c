#!/bin/sh -e
docker build --target base -t base .
docker build --secret id=build_token,env=BUILD_TOKEN -t app .
