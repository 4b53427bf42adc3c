#!/bin/sh -e
docker build --secret id=auth_secret,env=AUTH_SECRET -t app .
