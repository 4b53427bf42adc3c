#!/bin/sh -e
sudo docker build -t app .
