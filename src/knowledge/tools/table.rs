//! The table of tools and the way from words to an entry.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Ecosystem, Tool};
use crate::knowledge::files::matches_name;

pub(super) static TOOLS: LazyLock<Tools> = LazyLock::new(|| crate::knowledge::table(TEXT));

pub(super) const TEXT: &str = include_str!("../tools.toml");

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tools {
    pub(super) tool: Vec<Entry>,
    pub(super) forward: Vec<Forward>,
    pub(super) config: Vec<super::ConfigFile>,
    pub(super) references: References,
    pub(super) affinity: Vec<Affinity>,
}

/// One row; `tools.toml` explains the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) names: Vec<String>,
    pub(super) ecosystem: Option<Ecosystem>,
    #[serde(default)]
    pub(super) reads: Vec<String>,
    #[serde(default)]
    pub(super) ignores: Vec<String>,
    #[serde(default)]
    pub(super) program_text: bool,
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) code_only: Vec<String>,
    #[serde(default)]
    pub(super) code_never: Vec<String>,
    #[serde(default)]
    pub(super) code_unless: Vec<String>,
    #[serde(default)]
    pub(super) installs: Vec<String>,
    #[serde(default)]
    pub(super) config: Vec<String>,
    #[serde(default)]
    pub(super) offline: Vec<String>,
    #[serde(default)]
    pub(super) transmits: bool,
    #[serde(default = "yes")]
    pub(super) trusted_paths: bool,
    #[serde(rename = "source")]
    _source: String,
}

impl Entry {
    /// Whether the first operand `first` makes it fetch packages.
    pub(super) fn installs_by(&self, first: Option<&str>) -> bool {
        first.is_some_and(|first| self.installs.iter().any(|known| known == first))
    }
}

fn yes() -> bool {
    true
}

/// A command whose words are another command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forward {
    names: Vec<String>,
    /// The flag behind which the other command stands; otherwise it stands behind all flags.
    behind: Option<String>,
    /// Only if the table knows the other command (`php composer.phar`).
    #[serde(default)]
    known_only: bool,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct References {
    pub(super) forms: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Affinity {
    pub(super) ecosystem: Ecosystem,
    pub(super) variables: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

impl Tools {
    /// The tool that the words start, and the words behind its name.
    pub(super) fn resolve<'w>(&'static self, words: &'w [Option<String>]) -> Option<(Tool, &'w [Option<String>])> {
        let inner = self.forward.iter().find_map(|forward| self.forwarded(forward, words));
        inner.or_else(|| {
            let path = words.first()?.as_deref()?;
            Some((self.named(path)?, words.get(1..)?))
        })
    }

    /// The name of the command without its folder and without `.exe`.
    pub(super) fn name_of(words: &[Option<String>]) -> Option<&str> {
        words.first()?.as_deref().map(basename)
    }

    fn forwarded<'w>(
        &'static self,
        forward: &Forward,
        words: &'w [Option<String>],
    ) -> Option<(Tool, &'w [Option<String>])> {
        let name = Self::name_of(words)?;
        if !forward.names.iter().any(|known| known == name || known == unversioned(name)) {
            return None;
        }
        let rest = words.get(1..)?;
        let start = match &forward.behind {
            Some(flag) => rest.iter().position(|word| word.as_deref() == Some(flag))? + 1,
            None => rest.iter().position(|word| !word.as_deref().is_some_and(is_flag_or_assignment))?,
        };
        let inner = rest.get(start..)?;
        let known = || inner.first().and_then(Option::as_deref).is_some_and(is_package_manager);
        (!forward.known_only || known()).then(|| self.resolve(inner)).flatten()
    }

    fn named(&'static self, path: &str) -> Option<Tool> {
        let name = basename(path);
        let exact = |name: &str| {
            let pair =
                |entry: &'static Entry| entry.names.iter().find(|known| *known == name).map(|name| (name, entry));
            self.tool.iter().find_map(pair)
        };
        let (name, entry) = exact(name).or_else(|| exact(unversioned(name)))?;
        (entry.trusted_paths || is_system_path(path)).then_some(Tool { name, entry })
    }
}

/// What may stand between `env` and the command it starts.
fn is_flag_or_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    word.starts_with('-') || (!name.is_empty() && !name.contains(|char: char| !char.is_alphanumeric() && char != '_'))
}

/// `composer.phar`, `yarn.cjs`: package managers that an interpreter starts.
fn is_package_manager(path: &str) -> bool {
    let name = basename(path);
    let scripts = ["composer", "yarn", "npm", "pnpm", "bundle", "pip", "poetry"];
    let plain =
        name.trim_end_matches(".phar").trim_end_matches(".cjs").trim_end_matches("-cli.js").trim_end_matches(".js");
    scripts.contains(&plain)
}

fn basename(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = name.strip_suffix(".exe").or_else(|| name.strip_suffix(".cmd")).unwrap_or(name);
    stem.strip_suffix(".cjs").unwrap_or(stem)
}

/// `python3.11`, `pip3`, `php8`, `ruby2.7`, `gcc-12` without their version.
fn unversioned(name: &str) -> &str {
    name.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.').trim_end_matches('-')
}

/// Whether a command is one of the system's own by its path: no folder, or one for binaries outside the project.
fn is_system_path(path: &str) -> bool {
    match path.rsplit_once('/') {
        None => true,
        Some((folder, _)) => {
            ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"].contains(&folder)
        }
    }
}

/// Whether one of the patterns matches all of `name`; `*` stands for any text, letter case does not matter.
pub(super) fn matches_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| matches_name(pattern, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let patterns = ["PIP_*", "*_proxy"].map(String::from);
        assert!(matches_any(&patterns, "PIP_INDEX_URL") && matches_any(&patterns, "HTTPS_PROXY"));
        assert!(!matches_any(&patterns, "PIPX_HOME"));
    }

    #[test]
    fn names() {
        assert_eq!(unversioned("python3.11"), "python");
        assert_eq!(unversioned("gcc-12"), "gcc");
        assert_eq!(basename("C:\\x\\npm.cmd"), "npm");
    }
}
