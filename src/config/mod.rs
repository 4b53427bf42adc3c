//! `dfmigrate.toml`: what somebody decided for a repository, as plain data.
//!
//! A word that is none of the settings is an error, with the one that was probably meant: a setting that is silently
//! ignored would change files in a way that was decided against.

mod date;
mod remember;

pub use date::Date;
pub use remember::remembered;

use std::{collections::BTreeMap, fmt};

use camino::Utf8PathBuf;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::knowledge::engines::Release;

/// The name of the file, in the root of the repository.
pub const FILE: &str = "dfmigrate.toml";

/// What was decided for a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How secrets are handled, by the name of the variable.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSettings>,
    /// Which Dockerfile the builds in a file are of, where the file does not say it. Both from the root.
    #[serde(default)]
    pub builds: BTreeMap<Utf8PathBuf, Utf8PathBuf>,
    /// What builds the images, besides or with what the files say: `docker@24`, `podman`.
    #[serde(default)]
    pub engines: Vec<Release>,
    /// The day until which build arguments stay beside the mounts that replace them.
    #[serde(default, rename = "keep-arg-fallback")]
    pub keep_arg_fallback: Option<Date>,
    /// Whether an argument that is no secret makes the RUNs that read one run again.
    #[serde(default, rename = "cache-key")]
    pub cache_key: bool,
}

/// How one secret is handled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSettings {
    /// The id of its mounts, and of what builds pass.
    #[serde(default, deserialize_with = "id")]
    pub id: Option<String>,
    /// The form of its mounts, where both can be used.
    pub mount: Option<MountForm>,
    /// When its value is needed, for one that an ENV puts into the image.
    pub needed: Option<Needed>,
}

/// How a RUN gets a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountForm {
    /// As an environment variable (`env=`).
    Env,
    /// As a file, which the command reads into the variable.
    File,
}

/// When a value is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needed {
    /// While the image is built; the container does not need it from the image.
    Build,
    /// In the running container.
    Run,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// The id of the mounts of a secret.
    Id(String, String),
    /// The form of the mounts of a secret.
    Mount(String, MountForm),
    /// When a secret is needed.
    Needed(String, Needed),
    /// The Dockerfile that the builds in a file are of.
    Build(Utf8PathBuf, Utf8PathBuf),
}

impl Settings {
    /// Reads the text of a [`FILE`].
    ///
    /// # Errors
    /// It is no TOML, or has something that is no setting.
    pub fn read(text: &str) -> Result<Self, SettingsError> {
        let settings: Self = toml::from_str(text).map_err(|error| SettingsError::of(&error, text))?;
        settings.check_ids(text)?;
        Ok(settings)
    }

    /// Two secrets with one id would be one secret for a build.
    fn check_ids(&self, text: &str) -> Result<(), SettingsError> {
        let mut known: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, id) in self.secrets.iter().filter_map(|(name, secret)| Some((name, secret.id.as_deref()?))) {
            if let Some(other) = known.insert(id, name) {
                let line = text.lines().position(|line| line.contains(name.as_str())).map_or(1, |index| index + 1);
                let message = format!("`{other}` and `{name}` have the same id `{id}`");
                return Err(SettingsError { line, message, suggestion: None });
            }
        }
        Ok(())
    }

    /// The settings with what was decided for one run.
    #[must_use]
    pub fn overruled(&self, run: &Self) -> Self {
        let mut settings = self.clone();
        settings.keep_arg_fallback = run.keep_arg_fallback.or(self.keep_arg_fallback);
        settings.cache_key |= run.cache_key;
        settings.engines.extend(run.engines.iter().filter(|engine| !self.engines.contains(engine)).copied());
        settings
    }

    /// The settings with one more decision, which replaces an earlier one about the same.
    #[must_use]
    pub fn with(&self, setting: &Setting) -> Self {
        let mut settings = self.clone();
        let of =
            |secrets: &mut BTreeMap<String, SecretSettings>, name: &String, change: &dyn Fn(&mut SecretSettings)| {
                change(secrets.entry(name.clone()).or_default());
            };
        match setting {
            Setting::Id(name, id) => of(&mut settings.secrets, name, &|secret| secret.id = Some(id.clone())),
            Setting::Mount(name, form) => of(&mut settings.secrets, name, &|secret| secret.mount = Some(*form)),
            Setting::Needed(name, when) => of(&mut settings.secrets, name, &|secret| secret.needed = Some(*when)),
            Setting::Build(file, dockerfile) => {
                settings.builds.insert(file.clone(), dockerfile.clone());
            }
        }
        settings
    }
}

/// Why a [`FILE`] can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
    /// The word that was probably meant.
    pub suggestion: Option<String>,
}

impl SettingsError {
    fn of(error: &toml::de::Error, text: &str) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or(text).matches('\n').count() + 1;
        let message = error.message().to_owned();
        // serde writes: unknown field `x`, expected `y` or `z`; unknown variant `x`, expected one of …
        let mut quoted = message.split('`').skip(1).step_by(2);
        let unknown = quoted.next().filter(|_| message.starts_with("unknown "));
        let suggestion = unknown.and_then(|word| nearest(word, quoted)).map(str::to_owned);
        Self { line, message, suggestion }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{FILE}` has a mistake in line {}: {}", self.line, self.message.trim_end())?;
        self.suggestion.as_ref().map_or(Ok(()), |word| write!(f, "; `{word}` was probably meant"))
    }
}

impl std::error::Error for SettingsError {}

/// An id that can stand in a mount flag and in a `--secret` option as it is: both are read as CSV, by a shell.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = String::deserialize(deserializer)?;
    let plain = |char: char| char.is_ascii_alphanumeric() || "_.-".contains(char);
    if id.is_empty() || id.starts_with('-') || !id.chars().all(plain) {
        return Err(D::Error::custom("an id has letters, digits, `_`, `.` and `-` only"));
    }
    Ok(Some(id))
}

/// The word that differs least from `word`, if it differs little enough to be meant.
#[must_use]
pub fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let typed: Vec<char> = word.chars().collect();
    let similarity = |candidate: &str| {
        let candidate: Vec<char> = candidate.chars().collect();
        let operations = similar::capture_diff_slices(similar::Algorithm::Myers, &typed, &candidate);
        similar::diff_ratio(&operations, typed.len(), candidate.len())
    };
    let rated = words.into_iter().map(|candidate| (similarity(candidate), candidate));
    let best = rated.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 >= 0.6).then_some(best.1)
}

#[cfg(test)]
mod tests;
