#!/bin/sh -e
podman build -t app .
