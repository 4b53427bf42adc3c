#!/bin/sh -e
docker build --no-cache --network=host --secret id=my_secret,src=secret.txt -t images.example.com/app .
