#!/bin/sh
buildah build --secret id=npm_token,env=NPM_TOKEN -t shop .
