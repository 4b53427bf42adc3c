docker build --build-arg SSH_PRIVATE_KEY -t x .
