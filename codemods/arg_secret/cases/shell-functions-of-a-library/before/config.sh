NPM_TOKEN=$(vault read -field=token secret/npm)
