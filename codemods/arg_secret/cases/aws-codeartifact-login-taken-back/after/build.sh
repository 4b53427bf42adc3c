docker build --secret id=aws_secret_access_key,env=KEY .
