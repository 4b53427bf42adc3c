use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Target, target::without_user};

/// What was decided for one repository of the fleet; it goes before the options of the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TargetSettings {
    /// The branch that the fixes are for, instead of the default branch.
    pub base: Option<String>,
    /// The branch that the fixes are committed to.
    pub branch: Option<String>,
    /// Run only these codemods.
    pub select: Option<Vec<String>>,
    /// Do not run these codemods.
    pub ignore: Option<Vec<String>>,
    /// Whether fixes are applied that rest on assumptions.
    pub unsafe_fixes: Option<bool>,
    /// The labels of a new pull request.
    pub labels: Option<Vec<String>>,
    /// Who reviews a new pull request.
    pub reviewers: Option<Vec<String>>,
    /// Who is assigned to a new pull request.
    pub assignees: Option<Vec<String>>,
    /// Whether a new pull request is a draft.
    pub draft: Option<bool>,
    /// The kind of forge that it is on, as `--forge` names it.
    pub forge: Option<String>,
    /// The address of the forge's first page.
    pub forge_url: Option<String>,
}

/// A list of repositories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The repositories, each once, in the order of the list.
    pub targets: Vec<Target>,
    /// The entries that are no repository as things are, such as a path that is not there: each a target by the text of the
    /// entry, and why.
    pub broken: Vec<(Target, String)>,
}

/// Why a list can't be used.
#[derive(Debug)]
pub enum ManifestError {
    /// It is not TOML as it should be.
    Toml(toml::de::Error),
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list of repositories is not readable")
    }
}

impl std::error::Error for ManifestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let Self::Toml(error) = self;
        Some(error)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Document {
    #[serde(default)]
    repository: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    url: String,
    #[serde(flatten)]
    settings: toml::Table,
}

impl Manifest {
    /// Reads a list: an address or path a line, with comments behind `#`.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn text(text: &str) -> Result<Self, ManifestError> {
        let content = |line: &str| {
            // A `#` inside of an address is none of ours.
            let end = line.match_indices('#').find(|(at, _)| *at == 0 || line[..*at].ends_with([' ', '\t']));
            end.map_or(line, |(at, _)| &line[..at]).trim().to_owned()
        };
        let lines = text.trim_start_matches('\u{feff}').lines().map(content).filter(|line| !line.is_empty());
        let mut manifest = Self::default();
        for line in lines {
            manifest.add_entry(&line, TargetSettings::default());
        }
        Ok(manifest)
    }

    /// Reads a list in TOML: a table `[[repository]]` each, with `url` and [`TargetSettings`].
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn toml(text: &str) -> Result<Self, ManifestError> {
        let document: Document = toml::from_str(text).map_err(ManifestError::Toml)?;
        let mut manifest = Self::default();
        for Entry { url, settings } in document.repository {
            let settings = TargetSettings::deserialize(settings).map_err(ManifestError::Toml)?;
            manifest.add_entry(&url, settings);
        }
        Ok(manifest)
    }

    /// One entry that can't be read is no reason to leave the others.
    fn add_entry(&mut self, entry: &str, settings: TargetSettings) {
        match Target::parse(entry) {
            Ok(target) => self.add(Target { settings, ..target }),
            Err(reason) => {
                let shown = without_user(entry);
                let reason = reason.replace(entry, &shown);
                self.broken.push((Target { name: shown.clone(), url: shown, settings }, reason));
            }
        }
    }

    /// Adds a repository, unless it is there under the same name.
    pub fn add(&mut self, target: Target) {
        if self.targets.iter().all(|known| known.name != target.name) {
            self.targets.push(target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_a_line_and_comments() {
        let text = "# ours\n\nhttps://github.com/acme/shop  # the shop\r\ngit@github.com:acme/shop.git\nhttps://github.com/acme/c#\n";
        let urls: Vec<String> = Manifest::text(text).unwrap().targets.into_iter().map(|target| target.url).collect();
        assert_eq!(urls, ["https://github.com/acme/shop", "https://github.com/acme/c#"]);
    }

    #[test]
    fn an_entry_that_is_not_there_leaves_the_others() {
        let manifest = Manifest::text("/nowhere/at/all\nhttps://github.com/acme/shop\n").unwrap();
        assert_eq!((manifest.targets.len(), manifest.broken[0].0.name.as_str()), (1, "/nowhere/at/all"));
    }

    #[test]
    fn toml_has_settings_and_a_word_that_is_none_is_an_error() {
        let text = "[[repository]]\nurl = 'https://github.com/acme/shop'\nbase = 'develop'\nselect = ['arg-secret']\n\
                    unsafe-fixes = true\n";
        let manifest = Manifest::toml(text).unwrap();
        let settings = &manifest.targets[0].settings;
        assert_eq!((settings.base.as_deref(), settings.unsafe_fixes), (Some("develop"), Some(true)));
        let wrong = text.replace("base", "bases");
        assert!(matches!(Manifest::toml(&wrong), Err(ManifestError::Toml(_))));
    }
}
