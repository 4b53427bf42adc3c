docker build --secret id=sentry_auth_token,env=SENTRY_AUTH_TOKEN -t app .
