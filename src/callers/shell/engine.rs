//! What runs a build: the program, and what stands in front of it.

use super::super::Builder;
use super::super::command::{BuildCommand, Family, Piece};
use super::super::make::stood_for;
use super::Classic;
use super::assigning::given;
use super::expand::Evaluator;
use crate::knowledge::engines::{Engine, Release, installed_in};
use crate::source::TextSize;
use crate::syntax::shell::{Command, PartKind};

/// The environment of a command, as far as its texts are known.
pub(super) struct Environment<'a> {
    /// What the script has set up.
    pub evaluator: Evaluator<'a>,
    /// The command, with the assignments in front.
    pub command: &'a Command,
    /// The words before the program: `env A=b`, `sudo`.
    pub wrappers: &'a [Piece],
}

impl Environment<'_> {
    fn lookup(&self, name: &str) -> Option<Vec<String>> {
        let prefix = format!("{name}=");
        if let Some(text) = self.wrappers.iter().filter_map(Piece::text).find_map(|text| text.strip_prefix(&prefix)) {
            return Some(vec![text.to_owned()]);
        }
        if let Some(assignment) = self.command.assignments.iter().find(|assignment| assignment.name == name) {
            return Some(self.evaluator.texts(&assignment.value));
        }
        match self.evaluator.state.bindings.get(name) {
            Some(binding) if binding.exported => Some(binding.texts.clone()),
            _ => self.evaluator.site.environment.get(name).map(|text| vec![text.clone()]),
        }
    }

    /// What `DOCKER_BUILDKIT` is set to.
    fn buildkit(&self) -> Option<Vec<String>> {
        self.lookup("DOCKER_BUILDKIT").filter(|texts| texts.iter().any(|text| !text.is_empty()))
    }

    /// Why `docker build` can't pass a secret: `DOCKER_BUILDKIT` selects the classic builder, as Go's `strconv.ParseBool`
    /// reads it (`docker/cli/cmd/docker/builder.go`), or the host's docker is too old.
    fn classic(&self) -> Option<String> {
        if let Some(Classic::Always(sentence)) = &self.evaluator.site.classic {
            return Some(sentence.clone());
        }
        if let Some(clause) = self.must_ask().filter(|_| sudo(self.wrappers).is_some()) {
            return Some(format!("{clause}, and `sudo` drops `DOCKER_BUILDKIT`"));
        }
        if let Some(clause) = self.must_ask().filter(|_| self.evaluator.site.options_only) {
            return Some(format!("{clause}; `DOCKER_BUILDKIT: 1` in the `env` of the step changes that"));
        }
        self.switched_off().map(|text| format!("`DOCKER_BUILDKIT={text}` selects the classic builder"))
    }

    /// The text by which `DOCKER_BUILDKIT` selects the classic builder, if it does.
    fn switched_off(&self) -> Option<String> {
        let mut texts = self.buildkit()?.into_iter();
        texts.find(|text| matches!(text.as_str(), "0" | "f" | "F" | "false" | "FALSE" | "False"))
    }

    /// Why a call of Compose gives its builds no secrets, where it does not say so itself by options: the classic builder
    /// stops at a service with secrets (docker/compose `pkg/compose/build_classic.go`).
    pub(super) fn without_buildkit(&self) -> Option<String> {
        let text = self.switched_off()?;
        Some(format!("`DOCKER_BUILDKIT={text}` makes Compose use the classic builder, which has no secrets"))
    }

    /// The engine of one of both sorts, with its version where the host says which one is there.
    fn release(&self, buildah: bool) -> Builder {
        let is_of_sort = |release: &Release| Builder::Release(*release).is_buildah() == buildah;
        let known = self.evaluator.site.release.filter(is_of_sort).map(Builder::of);
        known.unwrap_or(if buildah { Builder::Buildah } else { Builder::BuildKit })
    }

    /// What says that `DOCKER_BUILDKIT=1` has to be added for `docker build` to pass a secret.
    fn must_ask(&self) -> Option<String> {
        match &self.evaluator.site.classic {
            Some(Classic::UnlessAsked(clause)) if self.buildkit().is_none() => Some(clause.clone()),
            _ => None,
        }
    }
}

impl Classic {
    /// Whether a plain `docker build` in a container of `image` is the classic builder's. Docker takes `--secret id=…,env=…`
    /// since 20.10 and builds with BuildKit by itself since 23.0 (release notes).
    pub(in crate::callers) fn of_image(image: &str) -> Option<Self> {
        Self::of(release_of_image(image)?, &format!("the docker of `{image}`"))
    }

    /// The same of a docker of this release, which is called `docker` in a sentence.
    pub(in crate::callers) fn of(release: Release, docker: &str) -> Option<Self> {
        match release.version.filter(|_| release.engine == Engine::Docker)?.major {
            ..20 => Some(Self::Always(format!("{docker} takes no secret from the environment"))),
            20..23 => Some(Self::UnlessAsked(format!("{docker} builds without BuildKit by itself"))),
            _ => None,
        }
    }
}

/// The engine of an image with the version of its tag: its own image, or one of which it is known what is installed in it.
pub(in crate::callers) fn release_of_image(image: &str) -> Option<Release> {
    let image = image.split('@').next().unwrap_or(image);
    release_of_own_image(image).or_else(|| installed_in(image))
}

fn release_of_own_image(image: &str) -> Option<Release> {
    let (name, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    let engine = match name.rsplit_once('/').map_or(("", name), |(path, last)| (path, last)) {
        (_, "docker") => Engine::Docker,
        (path, "stable") if path.ends_with("/podman") => Engine::Podman,
        (path, "stable") if path.ends_with("/buildah") => Engine::Buildah,
        (_, "podman") => Engine::Podman,
        (_, "buildah") => Engine::Buildah,
        ("moby", "buildkit") => Engine::BuildKit,
        _ => return None,
    };
    Some(Release { engine, version: Some(tag.parse().ok()?) })
}

/// What says that the build only passes secrets with `DOCKER_BUILDKIT=1`, which nothing sets.
pub(super) fn must_ask(command: &BuildCommand, environment: &Environment<'_>) -> Option<String> {
    (command.program.family == Family::Docker).then(|| environment.must_ask()).flatten()
}

/// What runs the build. `written` is the word that names the program.
pub(super) fn builder(command: &BuildCommand, written: &str, environment: &Environment<'_>) -> Builder {
    let family = command.program.family;
    let lower = written.to_ascii_lowercase();
    let named_podman = command.program.guessed && ["podman", "buildah"].iter().any(|name| lower.contains(name));
    match (family, without(family, written)) {
        (Family::Compose, Some(sentence)) => Builder::WithoutSecrets(match environment.classic() {
            // `docker compose build` asks the same setting (docker/compose pkg/compose/build.go).
            Some(first) => format!("{first}, and {sentence}"),
            None => sentence,
        }),
        (_, Some(sentence)) => Builder::WithoutSecrets(sentence),
        (Family::Buildah, _) => environment.release(true),
        (Family::Docker, _) if named_podman => environment.release(true),
        (Family::Docker, _) => match environment.classic() {
            Some(sentence) => Builder::WithoutSecrets(sentence),
            None => environment.release(false),
        },
        _ => environment.release(false),
    }
}

/// Why a program can't pass a secret, if it can't.
fn without(family: Family, written: &str) -> Option<String> {
    let sentence = match family {
        Family::Docker | Family::Buildx | Family::Buildah | Family::Buildctl | Family::Fly | Family::Bake => {
            return None;
        }
        Family::Kaniko => "kaniko has no `--secret` and passes over `RUN --mount`",
        Family::Azure => "`az acr build` has no `--secret`",
        Family::Img => "`img build` has no `--secret`",
        Family::Compose => "`docker compose build` has no `--secret`; declare it in the Compose file",
        Family::Other => return Some(format!("what `{written}` does with `--build-arg` is not known")),
    };
    Some(sentence.to_owned())
}

/// `sudo` resets the environment unless it is told not to (`sudo(8)`, env_reset).
pub(super) fn sudo(wrappers: &[Piece]) -> Option<TextSize> {
    let sudo = wrappers.iter().position(|piece| piece.text() == Some("sudo"))?;
    let rest = wrappers.get(sudo + 1..).unwrap_or_default();
    let keeps = rest
        .iter()
        .filter_map(Piece::text)
        .any(|text| text == "--preserve-env" || text.starts_with('-') && !text.starts_with("--") && text.contains('E'));
    (!keeps).then(|| wrappers.get(sudo).map(|piece| piece.site.end())).flatten()
}

/// What decides whether the build runs with another environment, where that can't be told and no option can be given to it: a variable
/// that may hold `sudo` or holds more than that, or `doas`, which has no option that keeps a variable (doas(1)).
pub(super) fn elevation(environment: &Environment<'_>, program: Option<&Piece>) -> Option<String> {
    let Environment { evaluator: Evaluator { site, state }, command, wrappers } = environment;
    if wrappers.iter().any(|piece| piece.text() == Some("doas")) {
        return Some("doas".to_owned());
    }
    let end = program?.site.end();
    let parts = command.words.iter().filter(|word| word.range.end() <= end).flat_map(|word| &word.parts);
    let names = parts.filter_map(|part| match &part.kind {
        PartKind::Variable(variable) => Some(variable.name.as_str()),
        _ => None,
    });
    let is_open = |name: &&str| {
        let written = stood_for(name);
        let values: Vec<&str> = given(site.text, written).collect();
        let elevates = |text: &str| {
            text.split(|char: char| !char.is_ascii_alphanumeric())
                .any(|word| ["sudo", "doas"].iter().any(|one| word.eq_ignore_ascii_case(one)))
        };
        if !written.to_ascii_lowercase().contains("sudo") && !values.iter().any(|value| elevates(value)) {
            return false;
        }
        let known = |text: &str| text.is_empty() || text == "sudo";
        let sometimes = site.view.text().contains(&format!("then {name}="));
        let texts =
            state.bindings.get(*name).filter(|binding| binding.assigned).map(|binding| binding.texts.as_slice());
        sometimes || !(values.len() == 1 && matches!(texts, Some([text]) if known(text)))
    };
    names.filter(is_open).map(|name| format!("${}", stood_for(name))).next()
}

/// Whether `env -i` empties the environment, or `env -u` takes variables out.
pub(super) fn clears(wrappers: &[Piece]) -> bool {
    let mut texts = wrappers.iter().filter_map(Piece::text).skip_while(|text| *text != "env").skip(1);
    texts.any(|text| {
        matches!(text, "-i" | "-" | "--ignore-environment") || text.starts_with("-u") || text.starts_with("--unset")
    })
}
