#!/bin/bash
docker build --secret id=npm_token,env=TOKEN -t registry.example.com/b .
