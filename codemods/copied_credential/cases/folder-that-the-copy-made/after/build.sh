#!/bin/sh
set -e
docker build --secret id=settings_xml,src=settings.xml -t app .
