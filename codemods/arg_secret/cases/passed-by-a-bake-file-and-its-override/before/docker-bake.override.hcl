target "default" {
  args = {
    NPM_TOKEN = "${NPM_TOKEN}"
  }
}
