//! Builders and Dockerfile frontends: who supports which kind of mount.

mod frontend;
mod installed;
mod release;

use std::sync::LazyLock;

use serde::Deserialize;

pub use frontend::{Answer, Feature, frontend_supports};
pub use installed::installed_in;
pub use release::{Release, SecretMounts, Version};

use release::Support;

/// What builds an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// A Docker Engine with the BuildKit that it has inside.
    Docker,
    /// BuildKit by itself: a builder of buildx, buildctl, nerdctl.
    BuildKit,
    /// Docker's builder before BuildKit (`DOCKER_BUILDKIT=0`).
    ClassicBuilder,
    /// Kaniko's executor, which drops mounts without a word.
    Kaniko,
    /// `podman build`.
    Podman,
    /// `buildah build` and `buildah bud`.
    Buildah,
    /// `az acr build`.
    AzureAcr,
    /// A library on Docker's classic build API: docker-py, Testcontainers.
    DockerSdk,
    /// A service that builds the Dockerfile of a repository.
    Railway,
    /// The same.
    Heroku,
    /// The same.
    Render,
    /// The same.
    CapRover,
}

/// What is known of one engine.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    engine: Option<Engine>,
    names: Vec<String>,
    title: String,
    secret_file: Support,
    secret_env: Support,
    why: Option<String>,
    #[serde(rename = "source")]
    _source: String,
}

fn row(engine: Engine) -> &'static Row {
    let found = TABLES.engine.iter().find(|row| row.engine == Some(engine));
    found.unwrap_or(&*NOTHING_KNOWN)
}

/// The engine of this name.
fn named(name: &str) -> Option<Engine> {
    TABLES.engine.iter().find(|row| row.names.iter().any(|known| known == name))?.engine
}

/// The names of all engines.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.engine.iter().flat_map(|row| &row.names).map(String::as_str)
}

static NOTHING_KNOWN: LazyLock<Row> = LazyLock::new(Row::default);

static TABLES: LazyLock<Tables> = LazyLock::new(|| super::table(include_str!("engines.toml")));

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tables {
    engine: Vec<Row>,
    installed: Vec<installed::Row>,
    frontend: Vec<frontend::Row>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_has_a_row() -> Result<(), Box<dyn std::error::Error>> {
        use Engine::*;
        let tables: Tables = crate::knowledge::check(include_str!("engines.toml"))?;
        let engines = [
            Docker,
            BuildKit,
            ClassicBuilder,
            Kaniko,
            Podman,
            Buildah,
            AzureAcr,
            DockerSdk,
            Railway,
            Heroku,
            Render,
            CapRover,
        ];
        for engine in engines {
            assert_eq!(tables.engine.iter().filter(|row| row.engine == Some(engine)).count(), 1, "{engine:?}");
        }
        assert_eq!((tables.engine.len(), tables.frontend.len()), (engines.len(), 4));
        Ok(())
    }
}
