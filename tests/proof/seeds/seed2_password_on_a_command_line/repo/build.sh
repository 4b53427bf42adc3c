#!/bin/sh -e
docker build --no-cache --network=host --secret id=db_password,env=DB_PASSWORD -t images.example.com/app .
