variable "NPM_TOKEN" {
  validation {
    condition     = NPM_TOKEN != ""
    error_message = "NPM_TOKEN has to be set."
  }
}

target "default" {
  context = "."
  args    = { NODE_ENV = "production" }
  secret  = ["id=npm_token,env=NPM_TOKEN"]
}
