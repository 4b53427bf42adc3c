#!/bin/sh -e
wc -c < /run/secrets/api_key > /one
