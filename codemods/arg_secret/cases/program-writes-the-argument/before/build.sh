docker build --build-arg API_TOKEN="$API_TOKEN" -t app .
