git config --global "url.https://ci:$DB_PASSWORD@git.example.com/.insteadOf" https://git.example.com/
