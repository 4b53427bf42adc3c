docker build --secret id=secret_key,env=SECRET_KEY -t app .
