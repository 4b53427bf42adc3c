#!/bin/sh
docker compose --env-file settings.production.env "$@"
