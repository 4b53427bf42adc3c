load() {
  NPM_TOKEN=$(cat token)
}
