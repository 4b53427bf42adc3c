target "shop" {
  dockerfile = "Dockerfile"
  secret     = ["id=proxy,env=PROXY"]
}
