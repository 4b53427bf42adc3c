docker build --network=host --secret id=api_token,env=API_TOKEN --build-arg CHANNEL=beta -t images.example.com/app .
