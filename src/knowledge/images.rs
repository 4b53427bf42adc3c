//! Base images: as whom their commands run, where, and what is in them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::LazyLock;

use serde::Deserialize;

use super::files::matches_name;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Images {
    image: Vec<Row>,
}

/// One row; `images.toml` explains the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    names: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    root: Option<bool>,
    home: Option<String>,
    workdir: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    programs: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

static IMAGES: LazyLock<Images> = LazyLock::new(|| super::table(include_str!("images.toml")));

/// Registries on which a name of one part is the publisher's own image and not somebody's copy under the same name.
const PUBLISHERS: [&str; 5] =
    ["registry.access.redhat.com", "registry.redhat.io", "mcr.microsoft.com", "nvcr.io", "gcr.io"];

/// An image as a `FROM` names it, without what says where it is stored.
struct Reference {
    path: String,
    tag: String,
    is_official: bool,
    /// Whether who published it is known, so that a name of one part says what it is.
    is_published: bool,
}

impl Reference {
    fn new(image: &str) -> Self {
        let image = image.split('@').next().unwrap_or("").to_ascii_lowercase();
        let (host, rest) = match image.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => ("", image.as_str()),
        };
        let (path, tag) = rest.rsplit_once(':').unwrap_or((rest, ""));
        let plain = path.strip_prefix("docker/library/").or_else(|| path.strip_prefix("library/"));
        let is_official = plain.is_some() || (matches!(host, "" | "docker.io") && !path.contains(['/', '$']));
        let is_published = is_official || PUBLISHERS.contains(&host);
        Self { path: plain.unwrap_or(path).to_owned(), tag: tag.to_owned(), is_official, is_published }
    }

    fn is_in(&self, row: &Row) -> bool {
        let tagged = |patterns: &[String]| patterns.iter().any(|pattern| matches_name(pattern, &self.tag));
        let mut names = row.names.iter().filter(|name| self.is_published || name.contains('/'));
        let named = names.any(|name| matches_image(name, &self.path));
        named && (row.tags.is_empty() || tagged(&row.tags)) && !tagged(&row.without)
    }
}

/// What the table says of an image.
struct Known {
    reference: Reference,
    /// Its rows, in order.
    rows: Vec<&'static Row>,
}

/// So many images are remembered; a repository has fewer, and a server that runs for days sees what people type.
const MOST_REMEMBERED: usize = 4096;

thread_local! {
    static REMEMBERED: RefCell<HashMap<String, Rc<Known>>> = RefCell::default();
}

impl Known {
    /// What is known of `image`, a reference as a `FROM` has it. It is asked for at each path of each instruction, and the table is
    /// one of patterns: so an image is looked up once.
    fn of(image: &str) -> Rc<Self> {
        REMEMBERED.with_borrow_mut(|remembered| {
            if let Some(known) = remembered.get(image) {
                return Rc::clone(known);
            }
            if remembered.len() >= MOST_REMEMBERED {
                remembered.clear();
            }
            let reference = Reference::new(image);
            let rows = IMAGES.image.iter().filter(|row| reference.is_in(row)).collect();
            let known = Rc::new(Self { reference, rows });
            remembered.insert(image.to_owned(), Rc::clone(&known));
            known
        })
    }
}

/// Whether the commands of `image`, a reference as a `FROM` has it, run as root where no `USER` says otherwise; `None` where
/// that is not known.
#[must_use]
pub fn runs_as_root(image: &str) -> Option<bool> {
    let known = Known::of(image);
    let reference = &known.reference;
    let said = known.rows.iter().find_map(|row| row.root);
    said.or_else(|| (reference.is_official && !reference.path.contains('$')).then_some(true))
}

/// The home directory of the account that commands of `image` run under where no `USER` says otherwise.
#[must_use]
pub fn home(image: &str) -> Option<&'static str> {
    let said = Known::of(image).rows.iter().find_map(|row| row.home.as_deref());
    said.or_else(|| (runs_as_root(image) == Some(true)).then_some("/root"))
}

/// The working directory of `image`, where it is known.
#[must_use]
pub fn workdir(image: &str) -> Option<&'static str> {
    Known::of(image).rows.iter().find_map(|row| row.workdir.as_deref())
}

/// The value that `image` gives a variable, where it is known.
#[must_use]
pub fn variable(image: &str, name: &str) -> Option<&'static str> {
    Known::of(image).rows.iter().find_map(|row| row.variables.get(name).map(String::as_str))
}

/// Whether the command `program` is known to be in `image`.
#[must_use]
pub fn has_program(image: &str, program: &str) -> bool {
    Known::of(image).rows.iter().any(|row| row.programs.iter().any(|known| known == program))
}

/// The major version of Node.js in `image`, one of the official images; `None` for another image, or where its tag does not
/// say (github.com/nodejs/Release: the code names).
#[must_use]
pub fn node_version(image: &str) -> Option<u32> {
    const NAMES: [(&str, u32); 9] = [
        ("carbon", 8),
        ("dubnium", 10),
        ("erbium", 12),
        ("fermium", 14),
        ("gallium", 16),
        ("hydrogen", 18),
        ("iron", 20),
        ("jod", 22),
        ("krypton", 24),
    ];
    let known = Known::of(image);
    let reference = &known.reference;
    if !reference.is_official || reference.path != "node" {
        return None;
    }
    let digits: String = reference.tag.chars().take_while(char::is_ascii_digit).collect();
    let named = NAMES.iter().find(|(name, _)| reference.tag.starts_with(name)).map(|(_, version)| *version);
    digits.parse().ok().or(named)
}

/// Like a file's name, with `?` for one digit.
fn matches_image(pattern: &str, path: &str) -> bool {
    match pattern.split_once('?') {
        Some((front, behind)) => ('0'..='9').any(|digit| matches_name(&format!("{front}{digit}{behind}"), path)),
        None => matches_name(pattern, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() -> Result<(), Box<dyn std::error::Error>> {
        let images: Images = crate::knowledge::check(include_str!("images.toml"))?;
        assert!(!images.image.is_empty());
        Ok(())
    }

    #[test]
    fn the_account_follows_from_the_image() {
        for (expected, image) in [
            (Some(true), "node:22-alpine"),
            (Some(true), "docker.io/library/node"),
            (Some(true), "registry.example.com:5000/dotnet/sdk:8.0"),
            (Some(true), "bitnami/minideb:bookworm"),
            (Some(false), "jenkins/jenkins:lts"),
            (Some(false), "registry.example.com/chainguard/node@sha256:0"),
            (Some(false), "registry.example.com/ubi9/nodejs-20:1"),
            (None, "registry.example.com/base"),
            (None, "acme/builder"),
            (None, "${BASE}"),
        ] {
            assert_eq!(runs_as_root(image), expected, "{image}");
        }
    }

    #[test]
    fn the_version_of_node_follows_from_the_tag() {
        assert_eq!(node_version("node:8-alpine"), Some(8));
        assert_eq!(node_version("docker.io/library/node:22.1.0-slim"), Some(22));
        assert_eq!(node_version("node:erbium-stretch"), Some(12));
        assert_eq!((node_version("node"), node_version("node:lts"), node_version("acme/node:8")), (None, None, None));
    }

    #[test]
    fn homes_and_folders_follow_from_the_image() {
        assert_eq!(home("jenkins/jenkins:lts"), Some("/var/jenkins_home"));
        assert_eq!(home("node:22"), Some("/root"));
        assert_eq!((home("registry.example.com/base"), home("bitnami/redis")), (None, None));
        assert_eq!(
            (workdir("golang:1.22"), workdir("node:6-onbuild"), workdir("node:22")),
            (Some("/go"), None, Some("/"))
        );
        assert_eq!(workdir("registry.example.com/golang:1.22"), None);
        assert_eq!(variable("maven:3-eclipse-temurin-21", "MAVEN_CONFIG"), Some("/root/.m2"));
    }

    #[test]
    fn programs_follow_from_image_and_tag() {
        for (expected, image, program) in [
            (true, "node:22", "curl"),
            (false, "node:22-slim", "curl"),
            (true, "node:22-slim", "find"),
            (true, "python:3.12-alpine", "wget"),
            (false, "python:3.12-alpine", "git"),
            (false, "registry.example.com/ubi9/ubi-minimal", "find"),
        ] {
            assert_eq!(has_program(image, program), expected, "{image} {program}");
        }
    }
}
