# Functions for the scripts of this folder.
build() {
  NPM_TOKEN="$NPM_TOKEN" docker build --secret id=npm_token,env=NPM_TOKEN -t registry.example.com/a .
}
