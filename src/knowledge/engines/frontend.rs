//! Releases of the Dockerfile frontend, as a `# syntax=` line names them.

use serde::Deserialize;

use super::TABLES;

/// A feature of the Dockerfile language, in the order in which the frontend learned them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// `RUN --mount`.
    Mount,
    /// `required` of a secret or ssh mount.
    Required,
    /// Heredocs.
    Heredoc,
    /// `env=` of a secret mount.
    SecretEnv,
}

/// A yes or no that may not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Can't be told, for example from a digest.
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    feature: Feature,
    stable: [u32; 3],
    experimental: Option<[u32; 3]>,
    labs: [u32; 3],
    #[serde(rename = "source")]
    _source: String,
}

/// Which channel of releases a tag belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Stable,
    Experimental,
    Labs,
}

/// The oldest and the newest release that a tag may stand for; `None` is no bound.
#[derive(Debug, Clone, Copy)]
struct Releases {
    channel: Channel,
    oldest: [u32; 3],
    newest: Option<[u32; 3]>,
}

/// Whether a release of `docker/dockerfile` supports a feature. `tag` is what stands behind the image's name: `1`, `1.4`,
/// `1.4.0-labs`, `experimental`, `1.2@sha256:…`, or empty for `latest`; a whole image reference is understood, too.
/// A tag that moves counts as what it is today, together with a digest as any release that it has ever been.
#[must_use]
pub fn frontend_supports(tag: &str, feature: Feature) -> Answer {
    let Some(row) = TABLES.frontend.iter().find(|row| row.feature == feature) else { return Answer::Unknown };
    let Some(releases) = tag_of(tag).and_then(|(tag, pinned)| releases(tag, pinned)) else { return Answer::Unknown };
    let first = match releases.channel {
        Channel::Stable => Some(row.stable),
        Channel::Labs => Some(row.labs),
        Channel::Experimental => row.experimental,
    };
    match first {
        Some(first) if releases.oldest >= first => Answer::Yes,
        Some(first) if releases.newest.is_none_or(|newest| newest >= first) => Answer::Unknown,
        _ => Answer::No,
    }
}

/// The tag of a reference and whether a digest pins it; `None` for another image than `docker/dockerfile`.
fn tag_of(reference: &str) -> Option<(&str, bool)> {
    let (name, pinned) = match reference.split_once('@') {
        Some((name, _)) => (name, true),
        None => (reference, reference.starts_with("sha256:")),
    };
    let (path, last) = name.rsplit_once('/').unwrap_or(("", name));
    let tag = match last.split_once(':') {
        Some(("dockerfile" | "dockerfile-upstream", tag)) => tag,
        None if last == "dockerfile" || last == "dockerfile-upstream" => "",
        None if path.is_empty() => last,
        _ => return None,
    };
    let owner = path.rsplit('/').next().unwrap_or("");
    matches!(owner, "" | "docker" | "moby").then_some((tag, pinned))
}

fn releases(tag: &str, pinned: bool) -> Option<Releases> {
    const LATEST: [u32; 3] = [1, u32::MAX, u32::MAX];
    if pinned && matches!(tag, "" | "latest" | "labs" | "master" | "master-labs" | "experimental") {
        return None;
    }
    let (version, channel) = match tag.split_once('-') {
        Some((version, "labs")) => (version, Channel::Labs),
        Some((version, "experimental")) => (version, Channel::Experimental),
        Some(_) => return None,
        None => (tag, Channel::Stable),
    };
    match version {
        "" | "latest" | "master" => return Some(Releases { channel, oldest: LATEST, newest: None }),
        "labs" => return Some(Releases { channel: Channel::Labs, oldest: LATEST, newest: None }),
        "experimental" => return releases("1.1-experimental", false),
        _ => {}
    }
    let parts: Vec<u32> = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    let part = |index: usize, otherwise: u32| parts.get(index).copied().unwrap_or(otherwise);
    let newest = match channel {
        // The channel ended with 1.1.
        Channel::Experimental => [part(0, 1), part(1, 1), part(2, u32::MAX)],
        _ => [part(0, 1), part(1, u32::MAX), part(2, u32::MAX)],
    };
    let oldest = if pinned { [part(0, 0), part(1, 0), part(2, 0)] } else { newest };
    (parts.len() <= 3 && part(0, 0) == 1).then_some(Releases { channel, oldest, newest: Some(newest) })
}

#[cfg(test)]
mod tests {
    use super::Answer::{No, Unknown, Yes};
    use super::*;

    #[test]
    fn tags_of_the_frontend() {
        for (tag, mount, required, heredoc, secret_env) in [
            ("1", Yes, Yes, Yes, Yes),
            ("", Yes, Yes, Yes, Yes),
            ("latest", Yes, Yes, Yes, Yes),
            ("1.0", No, No, No, No),
            ("1.1.7", No, No, No, No),
            ("1.2", Yes, Yes, No, No),
            ("1.3", Yes, Yes, No, No),
            ("1.3-labs", Yes, Yes, Yes, No),
            ("1.3.0-labs", Yes, Yes, Yes, No),
            ("1.4.0", Yes, Yes, Yes, No),
            ("1.9", Yes, Yes, Yes, No),
            ("1.10", Yes, Yes, Yes, Yes),
            ("1.10.0", Yes, Yes, Yes, Yes),
            ("1-labs", Yes, Yes, Yes, Yes),
            ("labs", Yes, Yes, Yes, Yes),
            ("experimental", Yes, Yes, No, No),
            ("1-experimental", Yes, Yes, No, No),
            ("1.0-experimental", Yes, No, No, No),
            ("1.1.1-experimental", Yes, No, No, No),
            ("1.1.3-experimental", Yes, Yes, No, No),
            ("1@sha256:0123", Unknown, Unknown, Unknown, Unknown),
            ("1.4@sha256:0123", Yes, Yes, Yes, No),
            ("sha256:0123", Unknown, Unknown, Unknown, Unknown),
            ("2", Unknown, Unknown, Unknown, Unknown),
            ("x.y", Unknown, Unknown, Unknown, Unknown),
            ("docker/dockerfile:1.4", Yes, Yes, Yes, No),
            ("mirror.example.com/docker/dockerfile", Yes, Yes, Yes, Yes),
            ("docker/dockerfile-upstream:master-labs", Yes, Yes, Yes, Yes),
            ("registry.example.com/mirror/dockerfile:1.4", Unknown, Unknown, Unknown, Unknown),
            ("notdocker/dockerfile:1", Unknown, Unknown, Unknown, Unknown),
            ("example/frontend:1", Unknown, Unknown, Unknown, Unknown),
        ] {
            let found = [Feature::Mount, Feature::Required, Feature::Heredoc, Feature::SecretEnv]
                .map(|feature| frontend_supports(tag, feature));
            assert_eq!(found, [mount, required, heredoc, secret_env], "{tag}");
        }
    }
}
