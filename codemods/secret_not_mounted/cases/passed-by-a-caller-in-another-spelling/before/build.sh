#!/bin/sh
docker build --secret id=index-token,env=INDEX_TOKEN -t app .
