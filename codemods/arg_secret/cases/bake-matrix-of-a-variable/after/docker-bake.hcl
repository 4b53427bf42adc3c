variable "GH_TOKEN" {
  default = ""
}

variable "SERVICES" {
  default = ["api", "worker"]
}

target "service" {
  name   = "service-${service}"
  matrix = { service = SERVICES }
  args = {
    SERVICE  = service
  }
  secret = ["id=gh_token,env=GH_TOKEN"]
}

target "regional" {
  name   = "regional-${at.region}"
  matrix = { at = [for region in split(",", "eu,us") : { region = region }] }
  args = {
    SERVICE  = at.region
  }
  secret = ["id=gh_token,env=GH_TOKEN"]
}
