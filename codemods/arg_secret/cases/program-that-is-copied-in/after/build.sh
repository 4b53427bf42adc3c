docker build --secret id=db_password,env=P .
