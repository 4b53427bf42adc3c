#!/bin/sh -e
docker build --network=host --secret id=npmrc,env=NPMRC -t images.example.com/app .
