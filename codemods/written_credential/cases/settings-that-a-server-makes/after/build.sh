#!/bin/sh
docker build --secret id=art_token,env=ART_TOKEN -t app .
