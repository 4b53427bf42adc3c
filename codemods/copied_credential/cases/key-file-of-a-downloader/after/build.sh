docker build --secret id=kaggle_json,src=kaggle.json -t app .
