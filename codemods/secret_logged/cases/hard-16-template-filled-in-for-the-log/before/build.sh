#!/bin/sh -e
docker build --secret id=icons_auth_token,env=ICONS_AUTH_TOKEN -t registry.example.com/web .
