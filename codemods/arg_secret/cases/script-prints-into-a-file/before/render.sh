#!/bin/sh
echo "token=$API_TOKEN"
