#!/bin/sh -e
docker build --network=host -t images.example.com/app .
