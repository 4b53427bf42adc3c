#!/bin/sh
docker build --secret id=machine,env=MACHINE --tag shop-sources .
