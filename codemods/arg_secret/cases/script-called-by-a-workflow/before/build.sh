#!/bin/bash
set -e
exec docker build "$@" .
