docker build --build-arg SENTRY_AUTH_TOKEN="$SENTRY_AUTH_TOKEN" -t app .
