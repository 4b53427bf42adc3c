docker build --build-arg SECRET_KEY -t app .
