#!/bin/sh
exec /srv/server --token @TOKEN@
