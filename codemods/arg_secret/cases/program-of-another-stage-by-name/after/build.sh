docker build --secret id=rails_master_key,env=RAILS_MASTER_KEY -t app .
