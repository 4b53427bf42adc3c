cd "$(git rev-parse --show-toplevel)/.."
docker build --build-arg NPM_TOKEN -f shop/Dockerfile .
