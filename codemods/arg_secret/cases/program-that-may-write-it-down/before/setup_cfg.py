import os

password = os.environ["DB_PASSWORD"]
with open("/etc/app.conf", "w") as conf:
    conf.write(f"password={password}")
