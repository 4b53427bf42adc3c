#!/bin/bash
curl -H "Authorization: Bearer $TOKEN" -o /opt/tool https://dl.example.com/tool
