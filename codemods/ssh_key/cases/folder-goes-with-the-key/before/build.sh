#!/bin/bash
docker buildx build -f Dockerfile --tag app .
