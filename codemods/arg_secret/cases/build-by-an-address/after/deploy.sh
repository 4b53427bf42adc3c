docker build --build-arg NPM_TOKEN=$NPM_TOKEN https://git.example.com/acme/shop.git#main
