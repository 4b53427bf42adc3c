#!/bin/sh
docker build "$@" .
