#!/bin/sh -e
docker build --network=host --secret id=git_token,env=GIT_TOKEN -t images.example.com/app .
