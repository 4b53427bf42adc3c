docker build --secret id=gems_token,env=GEMS_TOKEN .
