#!/bin/sh
set -e
pip install --upgrade shop-plugin
exec python -m shop
