docker build --build-arg DB_PASSWORD="$DB_PASSWORD" -t app .
