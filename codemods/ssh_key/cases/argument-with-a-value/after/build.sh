docker build --secret id=ssh_private_key,env=SSH_PRIVATE_KEY -t x .
