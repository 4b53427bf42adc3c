#!/bin/sh
set -e
docker build --secret id=gradle_properties,src=gradle.properties -t app .
