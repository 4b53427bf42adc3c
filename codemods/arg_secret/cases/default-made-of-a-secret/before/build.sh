docker build --build-arg API_TOKEN .
