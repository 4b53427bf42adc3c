docker build $(cat .env | sed "s@^@--build-arg @g" | paste -s -d " ") -t acme/shop .
