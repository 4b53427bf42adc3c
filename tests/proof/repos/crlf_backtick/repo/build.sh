docker build --network=host --build-arg API_TOKEN="$API_TOKEN" --build-arg CHANNEL=beta -t images.example.com/app .
