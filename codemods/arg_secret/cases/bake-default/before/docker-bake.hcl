variable "NPM_TOKEN" {
  default = "none"
}

target "default" {
  args = {
    NPM_TOKEN = NPM_TOKEN
  }
}
