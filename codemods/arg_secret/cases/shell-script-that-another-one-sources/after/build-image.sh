NPM_TOKEN="$TOKEN" docker build \
  --secret id=npm_token,env=NPM_TOKEN \
  -t registry.example.com/a .
