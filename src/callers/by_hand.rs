//! What a person writes in a file that no caller understands, where it passes a build argument.

use std::sync::LazyLock;

use camino::Utf8Path;
use regex::Regex;

use super::yaml;
use crate::source::{TextRange, slice};

/// How many lines above a name may say which program gets it, in formats that have keys and lists.
const LINES_ABOVE: usize = 12;

/// What to do at one place of a file that is not edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// Why nothing written there helps, as a clause; `None` where something does.
    pub never: Option<String>,
    /// The text to put in the place of what passes the argument.
    pub instead: String,
}

/// What hands the secret `id` to a build, in the place in `text`, the text of the file at `path`, where it gets the
/// build argument `name`.
#[must_use]
pub fn instead_of_argument(path: &Utf8Path, text: &str, at: TextRange, name: &str, id: &str) -> ByHand {
    let place = Place::of(path, text, at);
    let variable = place.variable(name);
    let flag = format!("--secret id={id},env={}", variable.as_ref().map_or(name, |(variable, _)| variable));
    let instead = match (place.program(), variable) {
        (Program::Kaniko, _) => format!("docker buildx build {flag}"),
        (Program::Fly, _) => format!("--build-secret {id}={}", place.reference(name).unwrap_or("…")),
        (Program::FlyFile, _) => format!("fly deploy --build-secret {id}=\"${name}\""),
        (Program::Input, _) => format!("secrets: |\n  {id}={}", place.expression(name).unwrap_or("…")),
        (Program::Bake, _) => format!("secret = [\"id={id},env={name}\"]"),
        (Program::Skaffold, _) => format!("secrets: [{{id: {id}, env: {name}}}]"),
        (Program::Terraform, _) => {
            // Terraform takes the value of `var.x` from `TF_VAR_x` (developer.hashicorp.com, "Input variables").
            let variable = place.input(name).map_or_else(|| name.to_owned(), |input| format!("TF_VAR_{input}"));
            format!("secrets {{\n  id  = \"{id}\"\n  env = \"{variable}\"\n}}")
        }
        (Program::Tilt, _) => format!("secret='id={id},env={name}'"),
        (Program::Cdk, _) => format!("buildSecrets: {{ {id}: 'env={name}' }}"),
        (Program::Pulumi | Program::ClassicPulumi, _) => format!("secrets: {{ {id}: … }}"),
        (Program::Maven, _) => {
            format!("<buildx><secret><envs><{id}>{name}</{id}></envs></secret></buildx>")
        }
        (Program::Codefresh, _) => format!("secrets:\n  - id={id},src=FILE"),
        (Program::Earthly, _) => format!("RUN --secret {name}={id} …"),
        (Program::Sdk | Program::ClassicMaven, _) => format!("docker buildx build {flag}"),
        (Program::Docker, _) if let Some(input) = place.input(name) => {
            format!("environment = {{ {name} = var.{input} }}\n{flag}")
        }
        (Program::Docker, variable) if place.line.contains("docker run ") => {
            let variable = variable.as_ref().map_or(name, |(variable, _)| variable);
            format!("docker run -e {variable} …\n{flag}")
        }
        (Program::Docker, variable) if place.line.contains("kubectl exec ") => {
            let variable = variable.as_ref().map_or(name, |(variable, _)| variable);
            format!("-- env {variable}=\"${variable}\" docker build {flag} …")
        }
        (Program::Okteto, _) => format!("secrets:\n  {id}: FILE"),
        (Program::Copilot, _) => format!("docker buildx build {flag}"),
        (Program::Docker, Some((variable, Owner::Script(setting)))) => {
            format!("{}\n{flag}", setting.replace("NAME", &variable))
        }
        (Program::Docker, _) => flag,
    };
    let never = place.program().never().map(|clause| format!("{clause} in `{path}`, and mounts no secrets"));
    ByHand { never, instead }
}

/// The lines of a file that say how an argument is passed.
struct Place<'t> {
    path: &'t Utf8Path,
    /// From [`LINES_ABOVE`] on to the end of the argument's line.
    above: &'t str,
    /// The line itself.
    line: &'t str,
}

/// What builds, as far as it matters for how a secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Docker,
    Kaniko,
    Fly,
    Bake,
    Skaffold,
    /// An action or workflow that is handed lines of build arguments.
    Input,
    FlyFile,
    Terraform,
    Tilt,
    Cdk,
    Pulumi,
    ClassicPulumi,
    Maven,
    ClassicMaven,
    Earthly,
    Sdk,
    /// A step of Codefresh that builds (codefresh.io/docs, "Build step": `secrets`).
    Codefresh,
    /// A manifest of Okteto, whose secrets are files (okteto.com/docs/reference/okteto-manifest, `build`).
    Okteto,
    /// A manifest of AWS Copilot (aws.github.io/copilot-cli, "Image config": `build` has `args` and no secrets).
    Copilot,
}

/// What shows which program gets an argument: the nearest one above it counts. The documentation of each names the words.
const MARKS: &[(&str, Program)] = &[
    ("kaniko/executor", Program::Kaniko),
    ("kaniko-project", Program::Kaniko),
    ("fly deploy", Program::Fly),
    ("flyctl deploy", Program::Fly),
    ("superfly/", Program::Fly),
    ("build_arguments:", Program::Codefresh),
    ("docker build", Program::Docker),
    ("buildx build", Program::Docker),
    ("docker_build(", Program::Tilt),
    ("\"docker_image\"", Program::Terraform),
    ("DockerImageAsset", Program::Cdk),
    ("DockerImageCode", Program::Cdk),
    ("ContainerImage.fromAsset", Program::Cdk),
    ("docker-build", Program::Pulumi),
    ("docker_build.Image", Program::Pulumi),
    ("dockerBuild.Image", Program::Pulumi),
    ("dockerbuild.Image", Program::Pulumi),
    ("docker.Image(", Program::ClassicPulumi),
    ("dockerfile-maven-plugin", Program::ClassicMaven),
    ("docker-maven-plugin", Program::Maven),
    ("FROM DOCKERFILE", Program::Earthly),
    ("images.build(", Program::Sdk),
    ("buildargs=", Program::Sdk),
    ("ithBuildArg", Program::Sdk),
    ("ImageFromDockerfile", Program::Sdk),
    ("FromDockerfile", Program::Sdk),
];

impl Program {
    /// Who builds without secrets, as a clause; `None` for one that has them.
    fn never(self) -> Option<&'static str> {
        match self {
            Self::Kaniko => Some("kaniko builds it"),
            Self::Sdk => Some("a library on Docker's classic API builds it"),
            Self::ClassicPulumi => Some("the package `docker` of Pulumi builds it (`docker-build` has secrets)"),
            Self::ClassicMaven => Some("Spotify's plugin for Maven builds it (the one of fabric8 has secrets)"),
            Self::Copilot => Some("AWS Copilot builds it with arguments alone"),
            Self::Earthly => Some("Earthly's `FROM DOCKERFILE` builds it with arguments alone"),
            _ => None,
        }
    }
}

/// Whose a variable is.
enum Owner {
    /// The environment's: docker can read it.
    Environment,
    /// The script's own: it has to be put into the environment, by this statement about `NAME`.
    Script(String),
}

impl<'t> Place<'t> {
    fn of(path: &'t Utf8Path, text: &'t str, at: TextRange) -> Self {
        let (start, end) = (usize::from(at.start()), usize::from(at.end()));
        let end = text[end..].find('\n').map_or(text.len(), |found| end + found);
        let starts = |lines: usize| text[..start].rmatch_indices('\n').nth(lines).map_or(0, |(found, _)| found + 1);
        let part = |from: usize| slice(text, crate::source::range(from, end));
        Self { path, above: part(starts(LINES_ABOVE)), line: part(starts(0)) }
    }

    fn program(&self) -> Program {
        let file = self.path.file_name().unwrap_or("");
        let last = |word: &str| self.above.rfind(word);
        let nearest = MARKS.iter().filter_map(|(word, program)| Some((last(word)?, *program))).max_by_key(|one| one.0);
        match nearest {
            Some((_, program)) => program,
            None if self.path.extension() == Some("hcl") || file.starts_with("docker-bake") => Program::Bake,
            None if self.is_github_yaml() && !self.above.contains("--build-arg") => Program::Input,
            None if file.starts_with("skaffold") => Program::Skaffold,
            None if file.starts_with("fly") && self.path.extension() == Some("toml") => Program::FlyFile,
            None if self.path.extension() == Some("tf") => Program::Terraform,
            None if file == "pom.xml" => Program::Maven,
            None if file == "Tiltfile" => Program::Tilt,
            None if matches!(file, "okteto.yml" | "okteto.yaml") => Program::Okteto,
            None if file == "manifest.yml" && self.path.as_str().contains("copilot/") => Program::Copilot,
            None => Program::Docker,
        }
    }

    fn is_github_yaml(&self) -> bool {
        self.path.as_str().contains(".github/") && yaml::has_ending(self.path)
    }

    /// The text behind `NAME=`, without quotes.
    fn value(&self, name: &str) -> Option<&'t str> {
        let behind = self.line.split_once(&format!("{name}="))?.1;
        let end = |char: char| char.is_whitespace() || char == '\\';
        let value = match behind.chars().next()? {
            quote @ ('"' | '\'') => behind.get(1..)?.split(quote).next()?,
            _ => behind.split(end).next()?.trim_end_matches(['"', '\'', ')', ',']),
        };
        (!value.is_empty()).then_some(value)
    }

    /// The expression of GitHub behind `NAME=`.
    fn expression(&self, name: &str) -> Option<&'t str> {
        let behind = self.line.split_once(&format!("{name}="))?.1;
        let end = behind.find("}}")?;
        behind.get(..end + 2).filter(|text| text.starts_with("${{"))
    }

    /// The input variable of Terraform that fills the argument, where it is one as a whole: `var.x`.
    fn input(&self, name: &str) -> Option<&'t str> {
        if self.path.extension() != Some("tf") {
            return None;
        }
        let behind = self.line.split_once(name)?.1.trim_start_matches([' ', '=', '"', '$', '{']);
        let input = behind.strip_prefix("var.")?;
        let end = input.find(|char: char| char != '_' && char != '-' && !char.is_ascii_alphanumeric());
        input.get(..end.unwrap_or(input.len())).filter(|input| !input.is_empty())
    }

    /// The same where it only refers to a variable: a text of its own may be the secret.
    fn reference(&self, name: &str) -> Option<&'t str> {
        self.value(name).filter(|value| REFERENCE.as_ref().is_some_and(|reference| reference.is_match(value)))
    }

    /// The variable that the argument is filled from, if it is filled from one as a whole.
    fn variable(&self, name: &str) -> Option<(String, Owner)> {
        let found = REFERENCE.as_ref()?.captures(self.reference(name)?)?;
        let variable = found.get(2)?.as_str().to_owned();
        let prefix = found.get(1).map_or("", |prefix| prefix.as_str());
        let groovy = self.path.file_name().is_some_and(|file| file.contains("Jenkinsfile"))
            || self.path.extension() == Some("groovy");
        let powershell = matches!(self.path.extension(), Some("ps1" | "psm1"));
        let owner = match prefix {
            "$env:" | "${env:" | "${env." | "$env." => Owner::Environment,
            "{{." => Owner::Script(format!("env: {{NAME: \"{{{{.{variable}}}}}\"}}")),
            _ if groovy && variable.chars().any(|char| char.is_ascii_lowercase()) => {
                Owner::Script(format!("withEnv([\"NAME=${{{variable}}}\"])"))
            }
            _ if powershell => Owner::Script(format!("$env:NAME = ${variable}")),
            _ => Owner::Environment,
        };
        let name = if matches!(owner, Owner::Script(_)) { name.to_owned() } else { variable };
        Some((name, owner))
    }
}

/// A reference to one variable, in the writing of shells, make, Groovy, PowerShell, Azure and templates.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(\$\{?env[:.]|\{\{\s*\.|\$\{|\$\(|\$)([A-Za-z_]\w*)(?:\s*\}\}|\}|\))?$").ok());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::range;

    fn written(path: &str, text: &str) -> (Option<String>, String) {
        let at = text.rfind("A_TOKEN=").or_else(|| text.find("A_TOKEN")).unwrap();
        let found = instead_of_argument(Utf8Path::new(path), text, range(at, at + 7), "A_TOKEN", "a_token");
        (found.never, found.instead)
    }

    #[test]
    fn the_flag_names_the_variable_that_filled_the_argument() {
        let flag = "--secret id=a_token,env=A_TOKEN";
        for (path, line) in [
            (".gitlab-ci.yml", "    - docker build --build-arg A_TOKEN ."),
            (".gitlab-ci.yml", "    - docker build --build-arg A_TOKEN=$A_TOKEN ."),
            ("Jenkinsfile", "sh \"docker build --build-arg A_TOKEN=${env.A_TOKEN} .\""),
            ("build.ps1", "docker build --build-arg A_TOKEN=$env:A_TOKEN ."),
            ("azure-pipelines.yml", "    arguments: --build-arg A_TOKEN=$(A_TOKEN)"),
        ] {
            assert_eq!(written(path, line), (None, flag.to_owned()), "{line}");
        }
        let other = written(".gitlab-ci.yml", "docker build --build-arg A_TOKEN=\"${CI_TOKEN}\" .");
        assert_eq!(other.1, "--secret id=a_token,env=CI_TOKEN");
    }

    #[test]
    fn a_variable_of_the_script_is_put_into_the_environment_first() {
        let line = "sh(\"docker build --build-arg A_TOKEN='$authToken' .\")";
        assert_eq!(
            written("ci/Jenkinsfile", line).1,
            "withEnv([\"A_TOKEN=${authToken}\"])\n--secret id=a_token,env=A_TOKEN"
        );
        let line = "docker build --build-arg A_TOKEN=${token} `";
        assert_eq!(written("build.ps1", line).1, "$env:A_TOKEN = $token\n--secret id=a_token,env=A_TOKEN");
        let line = "BUILD_ARGS: '--build-arg A_TOKEN=\"{{.A_TOKEN}}\"'";
        assert_eq!(
            written("Taskfile.yml", line).1,
            "env: {A_TOKEN: \"{{.A_TOKEN}}\"}\n--secret id=a_token,env=A_TOKEN"
        );
    }

    #[test]
    fn programs_have_flags_of_their_own_or_none() {
        let fly = "\tflyctl deploy \\\n\t  --build-arg A_TOKEN=${A_TOKEN} \\\n";
        assert_eq!(written("deploy.txt", fly).1, "--build-secret a_token=${A_TOKEN}");
        let (never, instead) =
            written(".gitlab-ci.yml", "    - /kaniko/executor --context .\n      --build-arg A_TOKEN\n");
        assert_eq!(never.as_deref(), Some("kaniko builds it in `.gitlab-ci.yml`, and mounts no secrets"));
        assert_eq!(instead, "docker buildx build --secret id=a_token,env=A_TOKEN");
        for (path, text, wanted) in [
            (
                "Tiltfile",
                "docker_build('x', '.', build_args={'A_TOKEN': os.getenv('A_TOKEN')})",
                "secret='id=a_token,env=A_TOKEN'",
            ),
            (
                "main.tf",
                "build_args = {\n  A_TOKEN = var.token\n}\n",
                "secrets {\n  id  = \"a_token\"\n  env = \"TF_VAR_token\"\n}",
            ),
            (
                "main.tf",
                "command = \"docker build --build-arg A_TOKEN=${var.token} .\"\n",
                "environment = { A_TOKEN = var.token }\n--secret id=a_token,env=A_TOKEN",
            ),
            (
                "build.txt",
                "docker run docker:cli docker build --build-arg A_TOKEN=\"$A_TOKEN\" .",
                "docker run -e A_TOKEN …\n--secret id=a_token,env=A_TOKEN",
            ),
            (
                "build.txt",
                "kubectl exec -i builder -- docker build --build-arg A_TOKEN=\"$A_TOKEN\" .",
                "-- env A_TOKEN=\"$A_TOKEN\" docker build --secret id=a_token,env=A_TOKEN …",
            ),
            ("okteto.yml", "build:\n  app:\n    args:\n      A_TOKEN: x\n", "secrets:\n  a_token: FILE"),
            ("fly.toml", "[build.args]\n  A_TOKEN = \"x\"\n", "fly deploy --build-secret a_token=\"$A_TOKEN\""),
            (
                "stack.ts",
                "new DockerImageAsset(this, 'x', {\n  buildArgs: { A_TOKEN: t },\n})",
                "buildSecrets: { a_token: 'env=A_TOKEN' }",
            ),
            (
                "pom.xml",
                "<artifactId>docker-maven-plugin</artifactId>\n<args><A_TOKEN>${env.A_TOKEN}</A_TOKEN></args>",
                "<buildx><secret><envs><a_token>A_TOKEN</a_token></envs></secret></buildx>",
            ),
        ] {
            assert_eq!(written(path, text), (None, wanted.to_owned()), "{path}");
        }
        let py = "client.images.build(path='.', buildargs={'A_TOKEN': t})";
        assert!(written("a.py", py).0.is_some_and(|never| never.contains("classic API")));
        let workflow = "      - uses: ./.github/actions/image\n        with:\n          build-args: |\n            A_TOKEN=${{ secrets.A }}\n";
        let handed = written(".github/workflows/image.yml", workflow).1;
        assert_eq!(handed, "secrets: |\n  a_token=${{ secrets.A }}");
        let bake = "  args = {\n    A_TOKEN = \"\"\n  }\n";
        assert_eq!(written("docker-bake.hcl", bake).1, "secret = [\"id=a_token,env=A_TOKEN\"]");
    }
}
