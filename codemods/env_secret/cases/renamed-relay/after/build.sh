#!/bin/sh
docker build --secret id=ci_job_secret_token,env=JOB_TOKEN -t fonts .
