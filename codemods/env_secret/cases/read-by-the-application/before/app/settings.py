import os


def password():
    return os.environ["DB_PASSWORD"]
