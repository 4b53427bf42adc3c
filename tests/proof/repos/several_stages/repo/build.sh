#!/bin/sh -e
docker image build --network=host --build-arg=FILES_TOKEN="$FILES_TOKEN" --target app -t images.example.com/app .
