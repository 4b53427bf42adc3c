.PHONY: image
image:
	docker build --build-arg NPM_TOKEN=$(NPM_TOKEN) --build-arg NPM_USER=$(USER_NAME) -t registry.example.com/a .
