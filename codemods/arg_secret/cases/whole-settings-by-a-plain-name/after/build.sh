#!/bin/sh
set -eu
for stage in build tools notes; do
    docker build --target "$stage" --secret id=build_settings,env=BUILD_SETTINGS --secret id=pip_configuration,env=PIP_CONFIGURATION \
        --build-arg GREETING=hello --tag "shop-$stage" .
done
