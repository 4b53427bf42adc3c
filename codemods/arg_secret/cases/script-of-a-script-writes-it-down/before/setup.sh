#!/bin/sh
. /lib.sh
