//! Which program a command line calls, and whether it builds.

use super::{Piece, UNKNOWN};
use crate::syntax::shell::PartKind;

/// Programs that take the same options and pass secrets the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::callers) enum Family {
    /// `docker build`, `docker image build`, `docker builder build`: the classic builder is a variable away.
    Docker,
    /// `docker buildx build`, `depot build`, `nerdctl build`, `finch build`: always BuildKit.
    Buildx,
    /// `podman build`, `buildah build`.
    Buildah,
    /// `buildctl build`.
    Buildctl,
    /// Kaniko's executor.
    Kaniko,
    /// `az acr build`.
    Azure,
    /// `img build`.
    Img,
    /// `fly deploy`.
    Fly,
    /// `docker compose build` and `docker-compose build`, and what builds besides other work, such as `docker compose up`.
    Compose,
    /// `docker buildx bake`.
    Bake,
    /// Another program that is given `--build-arg`.
    Other,
}

impl Family {
    /// Whether a call that gives neither build arguments nor secrets says nothing about a Dockerfile.
    pub(super) fn only_with_arguments(self) -> bool {
        matches!(self, Self::Fly | Self::Bake | Self::Other)
    }

    /// Whether its last operand is the build context.
    pub(in crate::callers) fn has_context(self) -> bool {
        matches!(self, Self::Docker | Self::Buildx | Self::Buildah | Self::Azure | Self::Img | Self::Other)
    }
}

/// A program that builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::callers) struct Program {
    /// Its kind.
    pub family: Family,
    /// How it is called, for a person: `docker buildx build`.
    pub title: String,
    /// The index of the program's word.
    pub index: usize,
    /// The index of the first word behind the subcommand.
    pub operands: usize,
    /// Whether the program is a variable of unknown value, which only the words behind it make a build.
    pub guessed: bool,
}

/// Programs whose operands are text for people or for other programs.
const TALKERS: &[&str] = &[
    "echo",
    "printf",
    "cat",
    "grep",
    "egrep",
    "rg",
    "sed",
    "awk",
    "which",
    "type",
    "hash",
    "alias",
    "complete",
    "test",
    "[",
    "[[",
    "log",
    "info",
    "warn",
    "error",
    "die",
    "fail",
    "debug",
    "say",
    "tee",
    ":",
    "true",
    "git",
    "man",
    "export",
    "local",
    "declare",
    "readonly",
    "typeset",
    "case",
    "for",
    "set",
    "apt-get",
    "apk",
    "yum",
    "brew",
    "rm",
    "mkdir",
    "cp",
    "kubectl",
    "ssh",
    "docker-machine",
    "usage",
    "notify",
];

/// What builds of Compose's subcommands (`docker compose --help`); `run` names a command of its own behind it.
const COMPOSE: &[&str] = &["build", "up", "create"];

/// Options of `docker` itself with an operand (`docker --help`).
const GLOBAL_OPERANDS: &[&str] = &[
    "--context",
    "-c",
    "--host",
    "-H",
    "--config",
    "--log-level",
    "-l",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
    "--builder",
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--profile",
    "--env-file",
    "--project-directory",
    "--ansi",
    "--parallel",
    "--progress",
    "--address",
    "-a",
    "--namespace",
    "-n",
    "--addr",
    "--root",
    "--storage-driver",
    "--log-format",
    "--connection",
    "--identity",
    "--url",
    "--runroot",
    "--storage-opt",
    "--snapshotter",
    "--storage",
    "--token",
];

impl Program {
    /// The build that the words call, behind any number of wrappers such as `sudo`, `env A=b`, `timeout 30m`.
    pub(super) fn recognise(pieces: &[Piece]) -> Option<Self> {
        let first = pieces.first()?;
        if first.text().is_some_and(|name| TALKERS.contains(&basename(name))) {
            return None;
        }
        for (index, piece) in pieces.iter().enumerate() {
            if piece.texts.iter().any(|text| text == "--build-arg") {
                break;
            }
            for name in &piece.texts {
                if let Some(program) = Self::called(pieces, index, basename(name)) {
                    return Some(program);
                }
                if matches!((basename(name), word(pieces, index + 1)), ("docker" | "podman", Some("run" | "exec"))) {
                    return None;
                }
            }
        }
        Self::guess(pieces)
    }

    /// The program `name` at `index`, if the words behind it make it build.
    fn called(pieces: &[Piece], index: usize, name: &str) -> Option<Self> {
        let simple = |family, subcommands: &[&str]| {
            let at = skip_global_options(pieces, index + 1);
            let called = word(pieces, at)?;
            subcommands.contains(&called).then(|| Self::new(family, format!("{name} {called}"), index, at + 1))
        };
        match name {
            "docker" | "nerdctl" | "finch" | "podman" | "docker.exe" => Self::docker(pieces, index, name),
            "depot" => simple(Family::Buildx, &["build"]),
            "buildx" if index > 0 => None,
            "buildx" | "docker-buildx" => simple(Family::Buildx, &["build", "b"]),
            "buildah" => simple(Family::Buildah, &["build", "bud", "build-using-dockerfile"]),
            "buildctl" | "buildctl-daemonless.sh" => simple(Family::Buildctl, &["build", "b"]),
            "img" => simple(Family::Img, &["build"]),
            "fly" | "flyctl" => simple(Family::Fly, &["deploy"]),
            "docker-compose" | "podman-compose" => simple(Family::Compose, COMPOSE),
            "az" if word(pieces, index + 1) == Some("acr") && word(pieces, index + 2) == Some("build") => {
                Some(Self::new(Family::Azure, "az acr build".to_owned(), index, index + 3))
            }
            "executor" if is_kaniko(pieces, index) => {
                Some(Self::new(Family::Kaniko, "kaniko".to_owned(), index, index + 1))
            }
            _ => None,
        }
    }

    fn docker(pieces: &[Piece], index: usize, name: &str) -> Option<Self> {
        let plain = match name {
            "podman" => Family::Buildah,
            "docker" | "docker.exe" => Family::Docker,
            _ => Family::Buildx,
        };
        let at = skip_global_options(pieces, index + 1);
        let first = word(pieces, at)?;
        let (family, inner) = match first {
            "build" => return Some(Self::new(plain, format!("{name} build"), index, at + 1)),
            "image" | "builder" | "farm" => (plain, &["build"][..]),
            "buildx" if plain == Family::Buildah => (plain, &["build", "b"][..]),
            "buildx" => (Family::Buildx, &["build", "b", "bake"][..]),
            "compose" => (Family::Compose, COMPOSE),
            _ => return None,
        };
        let second = skip_global_options(pieces, at + 1);
        let called = word(pieces, second)?;
        let family = if called == "bake" { Family::Bake } else { family };
        inner.contains(&called).then(|| Self::new(family, format!("{name} {first} {called}"), index, second + 1))
    }

    /// A build by an unknown program: what its words look like decides.
    fn guess(pieces: &[Piece]) -> Option<Self> {
        let has_arguments = pieces
            .iter()
            .any(|piece| piece.texts.iter().any(|text| text == "--build-arg" || text.starts_with("--build-arg=")));
        // A script may hand on what it is given: seen through, it is a build (`super::super::shell::wrapper`).
        let is_secret =
            |piece: &Piece| piece.text().is_some_and(|text| text.trim_start_matches("--secret=").starts_with("id="));
        let is_script = || pieces.first().and_then(Piece::text).is_some_and(|text| text.contains('/'));
        let flags = pieces.iter().any(|piece| piece.text().is_some_and(|text| text.starts_with("--secret")));
        let unknown = pieces.iter().position(is_unknown_program).filter(|index| *index < 3);
        let takes_secrets = || flags && pieces.iter().any(is_secret) && (is_script() || unknown.is_some());
        let has_arguments = has_arguments || takes_secrets();
        let Some(index) = unknown else {
            let name = basename(pieces.first()?.text()?).to_owned();
            return (has_arguments && !name.starts_with('-')).then(|| Self::new(Family::Other, name, 0, 1));
        };
        let builds = match (word(pieces, index + 1), word(pieces, index + 2)) {
            (Some("build"), _) => Some((Family::Docker, index + 2)),
            (Some("buildx"), Some("build" | "b")) => Some((Family::Buildx, index + 3)),
            (Some("image" | "builder"), Some("build")) => Some((Family::Docker, index + 3)),
            _ => has_arguments.then_some((Family::Docker, index + 1)),
        };
        let looks_like_it = has_arguments
            || pieces.iter().any(|piece| matches!(piece.text(), Some("-t" | "-f" | "--tag" | "--file" | "--secret")));
        let (family, operands) = builds.filter(|_| looks_like_it)?;
        Some(Self { guessed: true, ..Self::new(family, "docker build".to_owned(), index, operands) })
    }

    fn new(family: Family, title: String, index: usize, operands: usize) -> Self {
        Self { family, title, index, operands, guessed: false }
    }
}

/// Whether the word is nothing but an expansion of unknown text.
fn is_unknown_program(piece: &Piece) -> bool {
    piece.texts.iter().all(|text| text.contains(UNKNOWN))
        && matches!(piece.word.parts.as_slice(), [part] if matches!(part.kind, PartKind::Variable(_) | PartKind::Command(_)))
}

/// Other programs are called `executor` too: kaniko's lies in its folder or is told where an image goes.
fn is_kaniko(pieces: &[Piece], index: usize) -> bool {
    let told = |piece: &Piece| {
        piece.texts.iter().any(|text| {
            ["--destination", "--dockerfile", "--no-push", "--context"].iter().any(|option| text.starts_with(option))
        })
    };
    pieces.get(index).and_then(Piece::text).is_some_and(|name| name.contains("kaniko")) || pieces.iter().any(told)
}

fn skip_global_options(pieces: &[Piece], mut index: usize) -> usize {
    while let Some(text) = word(pieces, index).filter(|text| text.starts_with('-')) {
        index += if GLOBAL_OPERANDS.contains(&text) { 2 } else { 1 };
    }
    index
}

fn word(pieces: &[Piece], index: usize) -> Option<&str> {
    pieces.get(index)?.text()
}

fn basename(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}
