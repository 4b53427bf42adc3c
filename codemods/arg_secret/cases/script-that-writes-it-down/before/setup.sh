set -e
echo "password=$DB_PASSWORD" > /etc/app.conf
