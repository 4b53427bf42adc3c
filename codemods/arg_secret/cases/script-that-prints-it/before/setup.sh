#!/bin/sh
echo "password is $DB_PASSWORD"
