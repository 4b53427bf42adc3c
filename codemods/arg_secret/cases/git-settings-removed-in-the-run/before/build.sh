docker build --build-arg GITHUB_TOKEN="$GITHUB_TOKEN" -t app .
