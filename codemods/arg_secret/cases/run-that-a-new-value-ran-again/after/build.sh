#!/bin/sh
docker build --secret id=database_url,env=DATABASE_URL -t shop .
