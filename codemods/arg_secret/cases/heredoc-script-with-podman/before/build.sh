#!/bin/sh
podman build --build-arg NPM_TOKEN -t localhost/shop .
