docker build --secret id=apt_password,env=A .
