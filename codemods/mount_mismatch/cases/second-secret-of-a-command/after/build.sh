#!/bin/sh
export PIP_USER PIP_PASSWORD
docker build --secret id=pip_user,env=PIP_USER --secret id=pip_password,env=PIP_PASSWORD -t app .
