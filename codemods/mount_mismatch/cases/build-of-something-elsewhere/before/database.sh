docker build -t acme/database /srv/database
