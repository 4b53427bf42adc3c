docker build --build-arg SERVICE_SECRET="$SERVICE_SECRET" -t app .
