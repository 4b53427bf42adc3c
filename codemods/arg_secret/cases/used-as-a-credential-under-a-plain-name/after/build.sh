#!/bin/sh
RELEASES="$(vault read -field=word secret/releases)" docker build --secret id=shop,env=SHOP --secret id=packages,env=PACKAGES --secret id=releases,env=RELEASES \
    --build-arg SOURCES_USER=ci --build-arg ENDPOINT=eu --tag shop .
