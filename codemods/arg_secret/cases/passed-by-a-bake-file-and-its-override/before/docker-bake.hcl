variable "NPM_TOKEN" {
  validation {
    condition     = NPM_TOKEN != ""
    error_message = "NPM_TOKEN has to be set."
  }
}

target "default" {
  context = "."
  args    = { NPM_TOKEN = NPM_TOKEN, NODE_ENV = "production" }
}
