//! Base images: as whom their commands run.

use std::sync::LazyLock;

use serde::Deserialize;

use super::files::matches_name;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Images {
    image: Vec<Image>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    names: Vec<String>,
    root: bool,
    #[serde(rename = "source")]
    _source: String,
}

static IMAGES: LazyLock<Images> = LazyLock::new(|| super::table(include_str!("images.toml")));

/// Whether the commands of `image`, a reference as a `FROM` has it, run as root where no `USER` says otherwise; `None` where
/// that is not known.
#[must_use]
pub fn runs_as_root(image: &str) -> Option<bool> {
    let image = image.split('@').next().unwrap_or("");
    let path = match image.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => image,
    };
    let path = path.rsplit_once(':').map_or(path, |(path, _)| path).to_ascii_lowercase();
    let matching = |row: &&Image| row.names.iter().any(|name| matches_image(name, &path));
    match IMAGES.image.iter().find(matching) {
        Some(row) => Some(row.root),
        None => (image.split([':', '@']).next() == Some(path.as_str()) && !path.contains(['/', '$'])).then_some(true),
    }
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
}
