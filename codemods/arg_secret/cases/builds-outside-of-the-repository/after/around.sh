cd "$(git rev-parse --show-toplevel)/.."
docker build --build-arg NPM_TOKEN --secret id=npm_token,env=NPM_TOKEN -f shop/Dockerfile .
