echo "$DEPLOY_PASSWORD" > password.txt
deploy --password-file password.txt
rm password.txt
docker build -t app .
