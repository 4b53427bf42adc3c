#!/bin/sh
exec docker build --network host --build-arg FILES_TOKEN . --tag images.example.com/app
