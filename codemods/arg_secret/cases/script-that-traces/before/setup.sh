#!/bin/sh
set -ex
apt-get update
curl -u "app:$DB_PASSWORD" -o /srv/schema https://db.example.com/schema
