#!/bin/sh -e
docker build --build-arg ICONS_AUTH_TOKEN -t registry.example.com/web .
