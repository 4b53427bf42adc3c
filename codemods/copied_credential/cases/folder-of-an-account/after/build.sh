#!/bin/sh
set -e
docker build --secret id=settings_xml,src=ci/settings.xml -t app .
