#!/bin/sh
exec docker build --network host --secret id=files_token,env=FILES_TOKEN . --tag images.example.com/app
