#!/bin/bash
docker buildx build --ssh default=docker/id_rsa -f Dockerfile --tag app .
