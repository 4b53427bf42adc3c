define docker_build
	docker build --build-arg NPM_TOKEN=$(NPM_TOKEN) -t $(1) $(2)
endef
