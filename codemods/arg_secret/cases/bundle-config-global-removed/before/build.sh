docker build --build-arg GEMS_TOKEN="$GEMS_TOKEN" .
