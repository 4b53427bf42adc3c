mkdir /srv/conf
echo "password=$DB_PASSWORD" > /srv/conf/app
curl -K /srv/conf/app -o /srv/schema https://db.example.com/schema
