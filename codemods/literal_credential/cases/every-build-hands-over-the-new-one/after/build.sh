#!/bin/sh -e
sudo --preserve-env=BUILD_TOKEN docker build --secret id=build_token,env=BUILD_TOKEN -t app .
