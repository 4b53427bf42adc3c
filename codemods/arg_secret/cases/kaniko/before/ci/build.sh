#!/busybox/sh
set -e
/kaniko/executor --context . --dockerfile Dockerfile \
    --build-arg NPM_TOKEN --destination registry.example.com/shop:latest
