docker build --secret id=db_password,env=DB_PASSWORD .
