.PHONY: image
image:
	NPM_TOKEN=$(NPM_TOKEN) docker build --secret id=npm_token,env=NPM_TOKEN --build-arg NPM_USER=$(USER_NAME) -t registry.example.com/a .
