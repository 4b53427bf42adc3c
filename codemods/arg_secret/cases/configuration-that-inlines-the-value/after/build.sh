docker build --secret id=service_secret,env=SERVICE_SECRET -t app .
