cd /srv/shop/web
docker build --build-arg NPM_TOKEN="$NPM_TOKEN" --secret id=npm_token,env=NPM_TOKEN -t acme/web .
