docker build --secret id=npm_token,env=NPM_TOKEN -t acme/shop .
