#!/bin/sh -e
docker build --no-cache --network=host --secret id=token,src=token.txt -t images.example.com/app .
