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
    GH_TOKEN = GH_TOKEN
  }
}

target "regional" {
  name   = "regional-${at.region}"
  matrix = { at = [for region in split(",", "eu,us") : { region = region }] }
  args = {
    SERVICE  = at.region
    GH_TOKEN = GH_TOKEN
  }
}
