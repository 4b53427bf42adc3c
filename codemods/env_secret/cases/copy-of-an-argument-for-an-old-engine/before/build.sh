#!/bin/sh -e
: "${AUTH_SECRET?unset}"
./compile > /out
