#!/bin/sh
export PIP_USER PIP_PASSWORD
docker build --secret id=pip_user,env=PIP_USER -t app .
