docker build --build-arg NPM_TOKEN -t acme/shop .
