docker build --secret id=composer_auth,env=COMPOSER_AUTH .
