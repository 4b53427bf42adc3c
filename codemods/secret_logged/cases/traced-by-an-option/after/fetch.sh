#!/bin/bash
curl -H "Authorization: Bearer $1" -o /opt/tool https://dl.example.com/tool
