#!/bin/sh -e
docker build --network=host --secret id=build_token,env=BUILD_TOKEN -t images.example.com/app .
