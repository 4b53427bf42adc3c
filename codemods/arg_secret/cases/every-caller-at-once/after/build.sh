#!/bin/sh
exec docker build --secret id=npm_token,env=NPM_TOKEN -t shop .
