docker build --build-arg AWS_SECRET_ACCESS_KEY="$KEY" .
