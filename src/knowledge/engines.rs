//! Builders and Dockerfile frontends: who supports which kind of mount.

mod frontend;

use std::sync::LazyLock;

use serde::Deserialize;

pub use frontend::{Answer, Feature, frontend_supports};

/// What builds an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// BuildKit behind `docker build`, `docker buildx`, compose or bake.
    BuildKit,
    /// Docker's builder before BuildKit (`DOCKER_BUILDKIT=0`).
    ClassicBuilder,
    /// Kaniko's executor, which drops mounts without a word.
    Kaniko,
    /// `podman build`.
    Podman,
    /// `buildah build` and `buildah bud`.
    Buildah,
    /// `nerdctl build`, with BuildKit behind it.
    Nerdctl,
    /// `buildctl build`, BuildKit's own client.
    Buildctl,
    /// `az acr build`.
    AzureAcr,
    /// A library on Docker's classic build API: docker-py, Testcontainers.
    DockerSdk,
    /// A builder that nothing is known about.
    Unknown,
}

/// Whether a builder can do something.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// In every version.
    Yes,
    /// From a version on, in words: `Buildah 1.44`.
    Since(String),
    /// In no version.
    No,
    /// Not known.
    #[default]
    Unknown,
}

impl Support {
    /// Whether at least some version can.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        matches!(self, Self::Yes | Self::Since(_))
    }
}

/// What a builder does with the mounts of a `RUN`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountSupport {
    engine: Option<Engine>,
    /// `--mount=type=secret` with a file.
    pub secret_file: Support,
    /// `--mount=type=secret` with `env=`.
    pub secret_env: Support,
    /// `--mount=type=ssh`.
    pub ssh: Support,
    /// Heredocs.
    pub heredoc: Support,
    /// Where this is known from.
    pub source: String,
}

/// What `engine` supports.
#[must_use]
pub fn support(engine: Engine) -> &'static MountSupport {
    let found = TABLES.engine.iter().find(|row| row.engine == Some(engine));
    found.unwrap_or(&*NOTHING_KNOWN)
}

static NOTHING_KNOWN: LazyLock<MountSupport> = LazyLock::new(MountSupport::default);

static TABLES: LazyLock<Tables> = LazyLock::new(|| super::table(include_str!("engines.toml")));

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tables {
    engine: Vec<MountSupport>,
    frontend: Vec<frontend::Row>,
}

/// Whether the distribution that an image's name tells of has a git before 2.31, which reads no `GIT_CONFIG_COUNT`
/// (git 2.31 release notes; packages.debian.org, packages.ubuntu.com: bullseye 2.30, focal 2.25; pkgs.alpinelinux.org).
#[must_use]
pub fn has_old_git(image: &str) -> bool {
    const OLD: [&str; 12] = [
        "jessie",
        "stretch",
        "buster",
        "bullseye",
        "trusty",
        "xenial",
        "bionic",
        "focal",
        "centos:7",
        "centos7",
        "amazonlinux:1",
        "alpine3.12",
    ];
    const TAGS: [&str; 14] = [
        "ubuntu:14",
        "ubuntu:16",
        "ubuntu:18",
        "ubuntu:20",
        "debian:8",
        "debian:9",
        "debian:10",
        "debian:11",
        "node:8",
        "node:10",
        "node:12",
        "node:14",
        "alpine:3.1",
        "centos:8",
    ];
    let name = image.to_lowercase();
    let name = name.rsplit('/').next().unwrap_or_default();
    OLD.iter().any(|mark| name.contains(mark)) || TAGS.iter().any(|tag| starts_version(name, tag))
}

/// Whether `name` begins with `tag` and no digit follows: `alpine:3.1` stands for 3.10 to 3.13 too, all without it.
fn starts_version(name: &str, tag: &str) -> bool {
    let Some(rest) = name.strip_prefix(tag) else { return false };
    match tag {
        "alpine:3.1" => matches!(rest.chars().next(), Some('0'..='3')),
        _ => !rest.starts_with(|char: char| char.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_has_a_row() -> Result<(), Box<dyn std::error::Error>> {
        use Engine::*;
        let tables: Tables = crate::knowledge::check(include_str!("engines.toml"))?;
        for engine in
            [BuildKit, ClassicBuilder, Kaniko, Podman, Buildah, Nerdctl, Buildctl, AzureAcr, DockerSdk, Unknown]
        {
            assert_eq!(tables.engine.iter().filter(|row| row.engine == Some(engine)).count(), 1, "{engine:?}");
        }
        assert_eq!(tables.frontend.len(), 4);
        Ok(())
    }

    #[test]
    fn who_can_mount() {
        assert!(support(Engine::BuildKit).secret_env.is_possible());
        assert_eq!(support(Engine::Kaniko).secret_file, Support::No);
        assert_eq!(support(Engine::Buildah).secret_env, Support::Since("Buildah 1.44".to_owned()));
        assert_eq!(support(Engine::Unknown).heredoc, Support::Unknown);
    }
}
