import os
SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-collectstatic")
