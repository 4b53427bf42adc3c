docker build --build-arg APT_PASSWORD="$A" .
