DOCKER ?= docker
DOCKER_BUILD = $(DOCKER) build --pull
