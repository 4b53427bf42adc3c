#!/bin/sh -e
docker build --network=host --secret id=netrc,env=NETRC -t images.example.com/app .
