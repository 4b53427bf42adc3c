cd /srv/shop/web
docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t acme/web .
