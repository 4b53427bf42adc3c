#!/bin/sh -e
docker build --no-cache --network=host --secret id=db_password,src=./db_password.txt -t images.example.com/app .
