class ImageTest {
  static final ImageFromDockerfile IMAGE = new ImageFromDockerfile()
      .withFileFromPath(".", Path.of("."))
      .withBuildArg("NPM_TOKEN", System.getenv("NPM_TOKEN"));
}
