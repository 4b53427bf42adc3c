#!/bin/sh
set -eu
/kaniko/executor --context . --dockerfile Dockerfile --no-push --build-arg CI_JOB_TOKEN="$CI_JOB_TOKEN"
