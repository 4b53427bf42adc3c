#!/bin/sh
docker build -t app --ssh "default=$HOME/.ssh/id_rsa" --build-arg ssh_pub_key="$(cat ~/.ssh/id_rsa.pub)" .
