#!/bin/sh
buildah build --build-arg NPM_TOKEN -t shop .
