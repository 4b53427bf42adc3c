#!/bin/sh -e
docker build --no-cache --network=host --secret id=api-key,env=API_KEY -t images.example.com/app .
