#!/bin/sh -e
docker build --secret id=git_token,env=GIT_TOKEN -t registry.example.com/agent .
