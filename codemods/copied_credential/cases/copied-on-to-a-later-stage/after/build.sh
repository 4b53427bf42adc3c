#!/bin/sh
set -e
docker build --secret id=settings_xml,src=docker/settings.xml -t app .
