#!/bin/sh
git clone https://git.example.com/acme/other.git
