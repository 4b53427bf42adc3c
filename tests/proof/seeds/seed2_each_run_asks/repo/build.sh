#!/bin/sh -e
docker build --no-cache --network=host --secret id=api_key,env=API_KEY -t images.example.com/app .
