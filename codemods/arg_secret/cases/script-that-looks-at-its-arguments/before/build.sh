#!/bin/sh
tag=$1
shift
exec docker build "$@" -t "shop:$tag" .
