git clone https://git.example.com/acme/theme.git /tmp/theme
cd /tmp/theme
docker build --build-arg NPM_TOKEN -t acme/theme .
