#!/usr/bin/env bash
set -euo pipefail
curl -fsS --header "Authorization: Bearer ${WIDGET_TOKEN:?}" --output widget.txt https://files.example.com/widget.txt
