use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Date, Names, PathPatterns};
use crate::knowledge::engines::Release;

/// What was decided, as it holds for one path. What nobody decided is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// The form of the mounts of all secrets, where a RUN works with both forms. `[secrets.NAME]` decides for one.
    pub mount: Option<MountForm>,
    /// How the id of a secret is made from the name of its variable, where no mount and no build has one yet.
    pub ids: Option<IdNaming>,
    /// What builds the images besides the builds in the files, or the version that they don't say: `docker@24`, `podman`.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub engines: Vec<Release>,
    /// The day until which build arguments stay beside the mounts that replace them: `2027-03-31`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub keep_arg_fallback: Option<Date>,
    /// Whether an argument that is no secret makes the RUNs that read one run again.
    pub cache_key: bool,
    /// Which names of variables are those of secrets, besides what dfmigrate knows.
    pub names: Names,
    /// How secrets are handled, by the name of the variable. A name that stands here is the name of a secret.
    pub secrets: BTreeMap<String, SecretSettings>,
    /// Which Dockerfile the builds in a file are of, where the file does not say it. Both paths begin at the folder of the
    /// settings file.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub builds: BTreeMap<Utf8PathBuf, Utf8PathBuf>,
    /// Which files are Dockerfiles.
    pub dockerfiles: DockerfileSettings,
    /// Which files build images.
    pub callers: CallerSettings,
    /// Which codemods run.
    pub codemods: CodemodSettings,
    /// What comments may ignore.
    pub suppressions: SuppressionSettings,
}

/// How one secret is handled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SecretSettings {
    /// The id of its mounts, and of what builds pass: letters, digits, `_`, `.` and `-`.
    #[serde(deserialize_with = "id")]
    pub id: Option<String>,
    /// The form of its mounts, where a RUN works with both forms.
    pub mount: Option<MountForm>,
    /// When its value is needed, for one that an ENV puts into the image.
    pub needed: Option<Needed>,
}

/// How a RUN gets a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MountForm {
    /// As an environment variable (`env=`), unless a build has the value in a file.
    Auto,
    /// As an environment variable (`env=`).
    Env,
    /// As a file, which the command reads into the variable.
    File,
}

/// How an id is made from the name of a variable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum IdNaming {
    /// `npm_token` for `NPM_TOKEN`.
    #[default]
    LowerSnake,
    /// `npm-token` for `NPM_TOKEN`.
    Kebab,
    /// `NPM_TOKEN` for `NPM_TOKEN`.
    Same,
}

impl IdNaming {
    /// The id for the variable `name`.
    #[must_use]
    pub fn id(self, name: &str) -> String {
        match self {
            Self::LowerSnake => name.to_lowercase(),
            Self::Kebab => name.to_lowercase().replace('_', "-"),
            Self::Same => name.to_owned(),
        }
    }
}

/// When a value is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Needed {
    /// While the image is built; the container does not need it from the image.
    Build,
    /// In the running container.
    Run,
}

/// Which files are Dockerfiles, besides and other than their names say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct DockerfileSettings {
    /// Files that are Dockerfiles although their names don't say so. Patterns as in .gitignore.
    pub include: PathPatterns,
    /// Files that are left alone. Patterns as in .gitignore.
    pub exclude: PathPatterns,
}

/// Which files build images, besides and other than their names say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CallerSettings {
    /// The format of files whose names don't tell it, by a pattern as in .gitignore: `"ci/*.yml" = "gitlab"`.
    pub include: BTreeMap<String, String>,
    /// Files whose builds don't count and are left as they are. Patterns as in .gitignore.
    pub exclude: PathPatterns,
}

/// Which codemods run. The command line has the same options.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CodemodSettings {
    /// Only these, in the place of what other files select.
    pub select: Option<Vec<String>>,
    /// All but these.
    pub ignore: Vec<String>,
}

/// What is asked of comments that ignore findings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SuppressionSettings {
    /// Whether a comment without a reason ignores nothing.
    pub require_reason: Option<bool>,
}

impl CodemodSettings {
    /// Whether the codemod `id` runs.
    #[must_use]
    pub fn includes(&self, id: &str) -> bool {
        let named = |ids: &[String]| ids.iter().any(|named| named == id);
        self.select.as_deref().is_none_or(named) && !named(&self.ignore)
    }
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
    /// The id of the secret `name`, where no mount and no build has one yet.
    #[must_use]
    pub fn id_of(&self, name: &str) -> String {
        let decided = self.secrets.get(name).and_then(|secret| secret.id.clone());
        decided.unwrap_or_else(|| self.ids.unwrap_or_default().id(name))
    }

    /// The form of the mounts of the secret `name`, where both work.
    #[must_use]
    pub fn mount_of(&self, name: &str) -> MountForm {
        let decided = self.secrets.get(name).and_then(|secret| secret.mount);
        decided.or(self.mount).unwrap_or(MountForm::Auto)
    }

    /// The format of the caller at `path`, where somebody says it. The longest pattern that matches decides.
    #[must_use]
    pub fn caller_format(&self, path: &Utf8Path) -> Option<&str> {
        let matches = |pattern: &str| PathPatterns::new([pattern.to_owned()]).is_ok_and(|one| one.matches(path));
        let formats = self.callers.include.iter().filter(|(pattern, _)| matches(pattern));
        formats.max_by_key(|(pattern, _)| pattern.len()).map(|(_, format)| format.as_str())
    }

    /// Whether they say what `setting` says.
    #[must_use]
    pub fn has(&self, setting: &Setting) -> bool {
        let secret = |name: &String| self.secrets.get(name);
        match setting {
            Setting::Id(name, id) => secret(name).is_some_and(|secret| secret.id.as_ref() == Some(id)),
            Setting::Mount(name, form) => secret(name).is_some_and(|secret| secret.mount == Some(*form)),
            Setting::Needed(name, when) => secret(name).is_some_and(|secret| secret.needed == Some(*when)),
            Setting::Build(file, dockerfile) => self.builds.get(file) == Some(dockerfile),
        }
    }

    /// The settings with one more decision, which replaces an earlier one about the same.
    #[must_use]
    pub fn with(&self, setting: &Setting) -> Self {
        let mut settings = self.clone();
        let secrets = &mut settings.secrets;
        match setting {
            Setting::Id(name, id) => secrets.entry(name.clone()).or_default().id = Some(id.clone()),
            Setting::Mount(name, form) => secrets.entry(name.clone()).or_default().mount = Some(*form),
            Setting::Needed(name, when) => secrets.entry(name.clone()).or_default().needed = Some(*when),
            Setting::Build(file, dockerfile) => drop(settings.builds.insert(file.clone(), dockerfile.clone())),
        }
        settings
    }

    /// Two secrets with one id, which would be one secret for a build: their names and the id.
    #[must_use]
    pub fn shared_id(&self) -> Option<(&str, &str, &str)> {
        let mut known: BTreeMap<&str, &str> = BTreeMap::new();
        let ids = self.secrets.iter().filter_map(|(name, secret)| Some((name.as_str(), secret.id.as_deref()?)));
        ids.into_iter().find_map(|(name, id)| known.insert(id, name).map(|other| (other, name, id)))
    }
}

/// An id that can stand in a mount flag and in a `--secret` option as it is: both are read as CSV, by a shell.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = String::deserialize(deserializer)?;
    let plain = |char: char| char.is_ascii_alphanumeric() || "_.-".contains(char);
    if id.is_empty() || id.starts_with('-') || !id.chars().all(plain) {
        return Err(D::Error::custom("an id has letters, digits, `_`, `.` and `-` only"));
    }
    Ok(Some(id))
}
