target "shop" {
  context = ".."
  dockerfile = "shop/Dockerfile"
  args = {
    NPM_TOKEN = NPM_TOKEN
  }
}
variable "NPM_TOKEN" {}
