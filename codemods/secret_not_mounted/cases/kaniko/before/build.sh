#!/bin/sh
/kaniko/executor --context . --dockerfile Dockerfile --destination registry.example.com/app
