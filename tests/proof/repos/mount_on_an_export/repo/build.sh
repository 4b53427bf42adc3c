#!/bin/sh -e
docker build --network=host --secret id=files_token,env=FILES_TOKEN -t images.example.com/app .
