# Functions for the scripts of this folder.
build() {
  docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t registry.example.com/a .
}
