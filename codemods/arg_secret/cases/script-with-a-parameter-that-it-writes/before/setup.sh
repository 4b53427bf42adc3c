set -e
password="$2"
echo "password=$password" > "/etc/app.conf"
