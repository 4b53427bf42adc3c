#!/bin/sh
docker build --secret id=repo_token,env=REPO_TOKEN -t app .
