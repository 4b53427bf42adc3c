docker build --ssh default=id_ed25519 -t app .
