use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use super::Outside;
use crate::knowledge::engines::{Engine, Release};
use crate::source::TextRange;

/// A format in which builds are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// A shell script.
    Shell,
    /// A Makefile.
    Make,
    /// A GitHub workflow or composite action.
    GithubActions,
    /// A Compose file.
    Compose,
    /// A code block of a Markdown document.
    Markdown,
    /// A pipeline of GitLab CI.
    GitLab,
    /// A build specification of AWS CodeBuild.
    CodeBuild,
    /// A pipeline of Bitbucket.
    Bitbucket,
    /// A build of Travis CI.
    Travis,
    /// A pipeline of Drone or Woodpecker.
    Drone,
    /// A pipeline of Buildkite.
    Buildkite,
    /// A Taskfile of Task.
    Taskfile,
    /// A justfile.
    Just,
    /// A `package.json` with scripts.
    PackageJson,
    /// A script of PowerShell.
    PowerShell,
    /// A script of cmd.
    Batch,
    /// A configuration of Skaffold.
    Skaffold,
    /// A configuration of Kamal.
    Kamal,
    /// Tasks of Ansible.
    Ansible,
    /// The file of a service that builds the Dockerfile by itself.
    Service,
    /// The configuration of Railway, a service that builds the Dockerfile by itself.
    Railway,
    /// A program that builds through a library.
    Program,
    /// A `devcontainer.json`.
    Devcontainer,
    /// A bake file.
    Bake,
    /// A configuration of CircleCI.
    CircleCi,
    /// A pipeline of Azure.
    Azure,
    /// A build of Google Cloud Build.
    CloudBuild,
    /// A pipeline of Concourse.
    Concourse,
    /// A pipeline of Jenkins.
    Jenkins,
}

impl Format {
    /// Whether its builds are commands in shell text: what an option is given stands in the words behind it.
    #[must_use]
    pub fn is_shell_text(self) -> bool {
        !matches!(
            self,
            Self::GithubActions
                | Self::Devcontainer
                | Self::Compose
                | Self::Skaffold
                | Self::Kamal
                | Self::Ansible
                | Self::Service
                | Self::Railway
                | Self::Program
                | Self::Bake
                | Self::CircleCi
                | Self::Azure
                | Self::CloudBuild
                | Self::Concourse
                | Self::Jenkins
        )
    }

    /// Whether an assignment in front of a command puts a value into its environment.
    #[must_use]
    pub fn assigns_in_front(self) -> bool {
        !matches!(self, Self::PowerShell | Self::Batch)
    }

    /// The character at the end of a line that goes on in the next one.
    #[must_use]
    pub fn continuation(self) -> char {
        match self {
            Self::PowerShell => '`',
            Self::Batch => '^',
            _ => '\\',
        }
    }

    /// Whether a secret has one name there, which is its id and its variable.
    #[must_use]
    pub fn names_secrets_once(self) -> bool {
        self == Self::Kamal
    }

    /// Whether what makes a name a build argument stands in the line of the name, or ends the one before: `--build-arg`.
    /// Elsewhere it may be a key further above.
    #[must_use]
    pub fn has_options(self) -> bool {
        let systems = matches!(self, Self::CircleCi | Self::Azure | Self::CloudBuild | Self::Jenkins);
        // Drone's plugins take build arguments as lists, besides the commands of other steps.
        systems || self.is_shell_text() && self != Self::Drone
    }

    /// What it is called in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Make => "make",
            Self::GithubActions => "github",
            Self::Compose => "compose",
            Self::Markdown => "markdown",
            Self::GitLab => "gitlab",
            Self::CodeBuild => "codebuild",
            Self::Bitbucket => "bitbucket",
            Self::Travis => "travis",
            Self::Drone => "drone",
            Self::Buildkite => "buildkite",
            Self::Taskfile => "taskfile",
            Self::Just => "just",
            Self::PackageJson => "package-json",
            Self::PowerShell => "powershell",
            Self::Batch => "batch",
            Self::Skaffold => "skaffold",
            Self::Kamal => "kamal",
            Self::Ansible => "ansible",
            Self::Service => "service",
            Self::Railway => "railway",
            Self::Program => "program",
            Self::Devcontainer => "devcontainer",
            Self::Bake => "bake",
            Self::CircleCi => "circleci",
            Self::Azure => "azure",
            Self::CloudBuild => "cloudbuild",
            Self::Concourse => "concourse",
            Self::Jenkins => "jenkins",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shell => "shell script",
            Self::Make => "Makefile",
            Self::GithubActions => "GitHub workflow",
            Self::Compose => "Compose file",
            Self::Markdown => "Markdown code block",
            Self::GitLab => "GitLab pipeline",
            Self::CodeBuild => "CodeBuild specification",
            Self::Bitbucket => "Bitbucket pipeline",
            Self::Travis => "Travis build",
            Self::Drone => "Drone pipeline",
            Self::Buildkite => "Buildkite pipeline",
            Self::Taskfile => "Taskfile",
            Self::Just => "justfile",
            Self::PackageJson => "script of a package.json",
            Self::PowerShell => "PowerShell script",
            Self::Batch => "cmd script",
            Self::Skaffold => "configuration of Skaffold",
            Self::Kamal => "configuration of Kamal",
            Self::Ansible => "task of Ansible",
            Self::Service => "file of a service that builds",
            Self::Railway => "configuration of Railway",
            Self::Program => "program",
            Self::Devcontainer => "devcontainer.json",
            Self::Bake => "bake file",
            Self::CircleCi => "CircleCI configuration",
            Self::Azure => "Azure pipeline",
            Self::CloudBuild => "Cloud Build configuration",
            Self::Concourse => "Concourse pipeline",
            Self::Jenkins => "Jenkins pipeline",
        })
    }
}

/// One build of an image, as it is written somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The format it is written in.
    pub format: Format,
    /// The file that holds it, from the repository's root.
    pub file: Utf8PathBuf,
    /// The command, the step or the service, in bytes of that file's text.
    pub range: TextRange,
    /// What is shown to a person as its name: `docker build`, `step "Build"`, `service web`.
    pub title: String,
    /// What it builds.
    pub dockerfiles: Dockerfiles,
    /// The build context from the repository's root, where it is known and local.
    pub context: Option<Utf8PathBuf>,
    /// What it is of where that is, or may be, another repository.
    pub outside: Option<Outside>,
    /// The stage named by `--target`, where it is known.
    pub target: Option<String>,
    /// The names that it gives its image, as written, where they are fixed: `--tag`, the input `tags` of an action, `image`
    /// of a Compose service. Other Dockerfiles may start from them.
    pub tags: Vec<String>,
    /// What runs the build.
    pub builder: Builder,
    /// Its build arguments, in order.
    pub arguments: Vec<Argument>,
    /// The secrets it passes already.
    pub secrets: Vec<PassedSecret>,
    /// Whether it forwards an ssh agent or key.
    pub ssh: bool,
    /// What may hold further arguments but can't be read, as written: `$BUILD_FLAGS` that comes from outside, `"$@"`,
    /// an input that is handed on. `None` where every word is understood.
    pub opaque: Option<String>,
    /// The files with a secret that the same text writes in front of it.
    pub written: Vec<WrittenFile>,
    /// Which build of the file it is, zero-based in the order of [`super::Caller::builds`].
    pub index: usize,
}

impl Build {
    /// A build at `range` of `file`, of which nothing else is known: it is BuildKit's, of no Dockerfile of the repository, without
    /// arguments.
    pub(super) fn at(format: Format, file: &Utf8Path, range: TextRange, title: String) -> Self {
        Self {
            format,
            file: file.to_owned(),
            range,
            title,
            dockerfiles: Dockerfiles::Elsewhere,
            context: None,
            outside: None,
            target: None,
            tags: Vec::new(),
            builder: Builder::BuildKit,
            arguments: Vec::new(),
            secrets: Vec::new(),
            ssh: false,
            opaque: None,
            written: Vec::new(),
            index: 0,
        }
    }

    /// Adds what the same text builds under other circumstances: for another row of a matrix, in another job.
    pub(super) fn merge(&mut self, other: Self) {
        self.dockerfiles = self.dockerfiles.or(&other.dockerfiles);
        if self.context != other.context {
            self.context = None;
        }
        if self.outside != other.outside {
            self.outside = None;
        }
        for written in other.written {
            if !self.written.contains(&written) {
                self.written.push(written);
            }
        }
        for tag in other.tags {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }
}

/// A file that commands in front of a build write a secret into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its path from the repository's root.
    pub path: Utf8PathBuf,
    /// The command, in bytes of the file that holds the build.
    pub range: TextRange,
    /// The secret, as it stands there: `secrets.NPM_TOKEN`, `$NPM_TOKEN`.
    pub secret: String,
}

/// Which Dockerfile a build is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dockerfiles {
    /// This one.
    One(Utf8PathBuf),
    /// One of these (a path relative to an unknown working directory), or all of them (a loop).
    Several(Vec<Utf8PathBuf>),
    /// One outside the repository, or from standard input, or a remote context: none of this repository.
    Elsewhere,
    /// It can't be told; the text that would tell, for a person.
    Unknown(String),
}

impl Dockerfiles {
    /// The path of a Dockerfile that a build names as it is, and that the repository does not have.
    #[must_use]
    pub fn absent(&self) -> Option<&str> {
        let Self::Unknown(text) = self else { return None };
        let is_path = |text: &str| text.chars().all(|char| char.is_alphanumeric() || "/._-+@~".contains(char));
        let name = text.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
        let names_one = name.contains("dockerfile") || name.contains("containerfile");
        let is_telling = text.contains('/') || !matches!(name.as_str(), "dockerfile" | "containerfile");
        (is_path(text) && names_one && is_telling).then_some(text)
    }

    /// What is built where one text builds this and the same text, elsewhere, `other`.
    pub(super) fn or(&self, other: &Self) -> Self {
        let paths = |dockerfiles: &Self| match dockerfiles {
            Self::One(path) => vec![path.clone()],
            Self::Several(paths) => paths.clone(),
            Self::Elsewhere | Self::Unknown(_) => Vec::new(),
        };
        match (self, other) {
            (Self::Unknown(_), _) => self.clone(),
            (_, Self::Unknown(_)) => other.clone(),
            _ if self == other => self.clone(),
            _ => {
                let mut all = [paths(self), paths(other)].concat();
                all.sort();
                all.dedup();
                match <[Utf8PathBuf; 1]>::try_from(all) {
                    Ok([path]) => Self::One(path),
                    Err(all) => Self::Several(all),
                }
            }
        }
    }
}

/// What runs a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Builder {
    /// Docker with BuildKit, or anything else that passes `--secret` to BuildKit.
    BuildKit,
    /// Podman or Buildah: secrets as files, no `env=` in `RUN --mount` before Buildah 1.44.
    Buildah,
    /// An engine with secrets whose version is known, such as that of the image in which a job runs.
    Release(Release),
    /// Something without secrets; the sentence says what and how it was recognised, for example
    /// `` `DOCKER_BUILDKIT=0` selects the classic builder ``.
    WithoutSecrets(String),
}

impl Builder {
    /// That of `release`, which may be too old for secrets.
    pub(super) fn of(release: Release) -> Self {
        release.without_secrets().map_or(Self::Release(release), Self::WithoutSecrets)
    }

    /// The engine; `None` for one that has no secrets.
    #[must_use]
    pub fn release(&self) -> Option<Release> {
        match self {
            Self::BuildKit => Some(Release::of(Engine::Docker)),
            Self::Buildah => Some(Release::of(Engine::Buildah)),
            Self::Release(release) => Some(*release),
            Self::WithoutSecrets(_) => None,
        }
    }

    /// Whether it is Podman or Buildah.
    #[must_use]
    pub fn is_buildah(&self) -> bool {
        self.release().is_some_and(|release| matches!(release.engine, Engine::Buildah | Engine::Podman))
    }
}

/// One build argument that a build sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub value: ArgumentValue,
    /// Where it is written: the flag with its operand, the line, the map entry.
    pub range: TextRange,
    /// Whether that place is outside [`Build::range`]: in a variable of flags, in the call of a function. Every build
    /// of the file that has an argument of the same range changes with it, so all of them must be asked for the same.
    pub shared: bool,
}

/// Where a build argument's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgumentValue {
    /// By name only: the environment variable of the same name.
    Inherited,
    /// Exactly one variable: `$V`, `${V}`, `$(V)` in make, `${V}` in Compose.
    Variable(String),
    /// An expression of a CI system that is one secret: the text between the braces, such as `secrets.NPM_TOKEN`.
    Expression(String),
    /// The content of a file, as the shell writes its path: `$(cat ~/.token)`.
    File(String),
    /// Nothing: `NAME=`.
    Empty,
    /// A fixed text. It is not kept here, because it may be a secret.
    Literal(SecretValue),
    /// Anything else: several expressions, command output, a default.
    Composite,
}

/// A text that may be a secret: it can be compared and measured, but not printed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SecretValue(String);

impl SecretValue {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for classification and for redacting it elsewhere; never for output.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A secret that a build passes already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedSecret {
    /// Its id.
    pub id: String,
    /// Where the value comes from.
    pub source: SecretSource,
    /// Where it is written.
    pub range: TextRange,
}

impl PassedSecret {
    /// The secret that `text` stands for, an operand of `--secret` (docker/buildx `util/buildflags/secrets.go`).
    pub(super) fn written(text: &str, range: TextRange) -> Self {
        let mut secret = Self { id: String::new(), source: SecretSource::Unknown, range };
        for (key, value) in text.split(',').filter_map(|field| field.split_once('=')) {
            let value = value.trim_matches('"').to_owned();
            match key.trim().to_ascii_lowercase().as_str() {
                "id" => secret.id = value,
                "env" => secret.source = SecretSource::Variable(value),
                "src" | "source" if secret.source == SecretSource::Unknown => secret.source = SecretSource::File(value),
                _ => {}
            }
        }
        if text.contains("type=env")
            && let SecretSource::File(name) = secret.source
        {
            secret.source = SecretSource::Variable(name);
        }
        secret
    }
}

/// Where a passed secret's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Variable(String),
    /// A file, as written.
    File(String),
    /// An expression of a CI system.
    Expression(String),
    /// It can't be told (for example `--secret id=x`: the variable `x` if it is set, else the file `./x`).
    Unknown,
}
