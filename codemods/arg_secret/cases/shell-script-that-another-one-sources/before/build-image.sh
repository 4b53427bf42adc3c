docker build \
  --build-arg NPM_TOKEN="$TOKEN" \
  -t registry.example.com/a .
