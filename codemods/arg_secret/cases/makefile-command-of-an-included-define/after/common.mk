define docker_build
	NPM_TOKEN=$(NPM_TOKEN) docker build --secret id=npm_token,env=NPM_TOKEN -t $(1) $(2)
endef
