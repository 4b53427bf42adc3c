#!/bin/sh
exec tool --token "$API_TOKEN"
