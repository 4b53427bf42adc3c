#!/bin/sh -e
docker build --network=host --secret id=HTTP_AUTH_TOKEN_127.0.0.1,env=FILES_TOKEN -t images.example.com/app .
