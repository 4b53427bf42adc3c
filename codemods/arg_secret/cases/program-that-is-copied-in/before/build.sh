docker build --build-arg DB_PASSWORD="$P" .
