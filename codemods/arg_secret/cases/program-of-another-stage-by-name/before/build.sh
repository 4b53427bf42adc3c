docker build --build-arg RAILS_MASTER_KEY="$RAILS_MASTER_KEY" -t app .
