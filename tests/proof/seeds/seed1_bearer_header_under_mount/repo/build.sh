#!/bin/sh -e
docker build --network=host --secret id=token,src=token.txt -t images.example.com/app .
