#!/bin/sh
docker build --build-arg PYPI_TOKEN -t shop .
