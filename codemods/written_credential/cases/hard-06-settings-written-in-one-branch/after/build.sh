#!/bin/sh -e
docker build --secret id=registry_token,env=REGISTRY_TOKEN -t registry.example.com/web .
