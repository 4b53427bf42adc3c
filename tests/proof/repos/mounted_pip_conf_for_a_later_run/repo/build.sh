#!/bin/sh -e
docker build --network=host --secret id=pip_conf,env=PIP_CONF -t images.example.com/app .
