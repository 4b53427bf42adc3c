#!/bin/sh -e
docker image build --network=host --secret id=files_token,env=FILES_TOKEN --target app -t images.example.com/app .
