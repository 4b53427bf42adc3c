variable "GH_TOKEN" {
  default = ""
}

variable "BASE" {
  default = "private"
}

target "with-private" {
  args = {
    GH_TOKEN = GH_TOKEN
  }
}

target "app" {
  name     = "app-${access}"
  matrix   = { access = ["private"] }
  inherits = ["with-${access}"]
  context  = "app"
}

target "tool" {
  inherits = [BASE == "" ? "with-public" : "with-private"]
  context  = "tool"
}
