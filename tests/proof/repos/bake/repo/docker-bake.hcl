variable "WIDGET_TOKEN" {
  default = ""
}

group "default" {
  targets = ["app"]
}

# what every image of the widgets needs
target "_widgets" {
  network = "host"
  args = {
    GREETING     = "good evening" // shown on the first page
    WIDGET_TOKEN = WIDGET_TOKEN
  }
}

target "app" {
  inherits = ["_widgets"]
  context  = "."
  tags     = ["images.example.com/app:latest"]
}
