#!/bin/sh -e
test -s "$1"
wc -c < "$1" > /length
