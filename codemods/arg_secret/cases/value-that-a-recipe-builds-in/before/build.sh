docker build --build-arg WRITE_TOKEN="$WRITE_TOKEN" -t app .
