#!/bin/sh -e
docker build --secret id=git-token,src=token.txt -t registry.example.com/charts .
