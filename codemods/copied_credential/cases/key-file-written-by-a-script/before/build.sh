set -e
base64 -d <<< "$SERVICE_ACCOUNT_KEY" > conf/account.json
docker build -t app .
