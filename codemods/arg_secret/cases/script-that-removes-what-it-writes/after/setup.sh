#!/bin/sh
set -e
echo "header = \"Authorization: $DB_PASSWORD\"" > /tmp/c
curl -K /tmp/c https://a.example.com
rm /tmp/c
