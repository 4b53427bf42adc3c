//! Which Docker is installed in a place where builds run.

use serde::Deserialize;

use super::{Engine, Release, TABLES, Version};

/// One row; `engines.toml` explains the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    places: Vec<String>,
    since: Option<Version>,
    docker: Option<Version>,
    #[serde(rename = "source")]
    _source: String,
}

/// The Docker of `place`: an image with its tag (`aws/codebuild/standard:5.0`), `dist: xenial` of Travis,
/// `runtime-versions/docker:18` of CodeBuild. `None` where it is not known.
#[must_use]
pub fn installed_in(place: &str) -> Option<Release> {
    let (name, tag) = place.rsplit_once(':')?;
    let version = match of_tag(tag) {
        Some(version) => {
            rows(name).filter(|row| row.since.is_none_or(|since| since <= version)).max_by_key(|row| row.since)?.docker
        }
        None => rows(place).next()?.docker,
    };
    version.map(|version| Release { engine: Engine::Docker, version: Some(version) })
}

fn rows(name: &str) -> impl Iterator<Item = &'static Row> {
    TABLES.installed.iter().filter(move |row| row.places.iter().any(|known| known == name))
}

/// The version of a tag; one of a single number is the newest of its kind.
fn of_tag(tag: &str) -> Option<Version> {
    let version: Version = tag.parse().ok()?;
    let moves = !tag.split('-').next().unwrap_or("").contains('.');
    Some(if moves { Version { minor: u32::MAX, ..version } } else { version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_its_docker() {
        for (place, docker) in [
            ("aws/codebuild/standard:2.0", Some("Docker 18.09")),
            ("aws/codebuild/standard:5.0-23.07.28", Some("Docker 20.10")),
            ("aws/codebuild/standard:7.0", None),
            ("aws/codebuild/amazonlinux2-x86_64-standard:4.0", Some("Docker 20.10")),
            ("aws/codebuild/amazonlinux-x86_64-standard:corretto8", None),
            ("runtime-versions/docker:18", Some("Docker 18.09")),
            ("runtime-versions/docker:20", Some("Docker 20.10")),
            ("dist: xenial", Some("Docker 20.10")),
            ("dist: noble", None),
            ("plugins/docker:20.10", Some("Docker 18.09")),
            ("plugins/docker:20", Some("Docker 20.10")),
            ("plugins/ecr:21.1.0-linux-amd64", Some("Docker 28.1")),
            ("plugins/docker:latest", None),
            ("plugins/docker", None),
        ] {
            assert_eq!(installed_in(place).map(|release| release.to_string()).as_deref(), docker, "{place}");
        }
    }
}
