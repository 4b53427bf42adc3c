#!/bin/sh
echo signing
