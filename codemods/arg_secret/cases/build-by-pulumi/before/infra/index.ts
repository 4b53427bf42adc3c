import * as docker from "@pulumi/docker";
new docker.Image("app", {
  build: { context: "..", args: { NPM_TOKEN: config.requireSecret("npm") } },
});
