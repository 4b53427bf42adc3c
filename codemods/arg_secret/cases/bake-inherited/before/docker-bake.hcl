// What the release job builds.
variable "TAG" {
  default = "latest"
}

variable "NPM_TOKEN" {
  default = ""
}

group "default" {
  targets = ["shop", "shop-debug"]
}

target "_private" {
  args = {
    // for the packages of the design system
    NPM_TOKEN = NPM_TOKEN
    REVISION  = "${TAG}" # shown on the status page
  }
}

target "shop" {
  inherits = ["_private"]
  tags     = ["registry.example.com/shop:${TAG}"]
}

target "shop-debug" {
  inherits = ["_private", "docker-metadata-action"]
  args     = { DEBUG = 1 }
  secret = [
    "id=proxy,src=proxy.conf" # only here
  ]
}

target "docker-metadata-action" {}
