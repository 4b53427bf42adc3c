#!/bin/sh
docker build --secret id=NODE_AUTH_TOKEN,env=NODE_AUTH_TOKEN -t app .
