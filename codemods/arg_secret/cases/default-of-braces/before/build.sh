docker build --build-arg COMPOSER_AUTH="$COMPOSER_AUTH" .
