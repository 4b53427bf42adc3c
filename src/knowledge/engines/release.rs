//! Builders with their versions, and what they do with the secret mounts of a `RUN`.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use super::{Engine, row};

/// The first two numbers of a version; patch releases decide about nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// `20` of `20.10`.
    pub major: u32,
    /// `10` of `20.10`; 0 where it is not said.
    pub minor: u32,
}

impl FromStr for Version {
    type Err = ();

    /// `20.10`, `v5.3.1`, `24-dind`: what follows the first two numbers is passed over.
    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| -> Result<u32, ()> {
            let digits = text.split(|char: char| !char.is_ascii_digit()).next().unwrap_or("");
            digits.parse().map_err(|_| ())
        };
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let first = parts.next().unwrap_or("");
        let major = number(first)?;
        let ends = !first.bytes().all(|byte| byte.is_ascii_digit());
        let minor = parts.next().filter(|_| !ends).map_or(Ok(0), number)?;
        Ok(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom("a version is two numbers, such as `20.10`"))
    }
}

/// A builder, with its version where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// What it is.
    pub engine: Engine,
    /// Its version.
    pub version: Option<Version>,
}

/// What a builder gives a `RUN` with `--mount=type=secret`, from nothing to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretMounts {
    /// Nothing.
    None,
    /// A file.
    File,
    /// A file, or with `env=` a variable where a `# syntax=` line names a frontend that knows it.
    VariableWithHeader,
    /// A file, or with `env=` a variable.
    Variable,
}

impl Release {
    /// A builder of which the version is not known.
    #[must_use]
    pub fn of(engine: Engine) -> Self {
        Self { engine, version: None }
    }

    /// It as it is written in settings: `docker@20.10`.
    #[must_use]
    pub fn written(&self) -> String {
        let name = row(self.engine).names.first().map_or("", String::as_str);
        self.version.map_or_else(|| name.to_owned(), |version| format!("{name}@{version}"))
    }

    /// What it gives a `RUN`. Of a builder whose version is not known it is what its newest releases do, if those have it
    /// for certain; a frontend is named for it, which also serves older ones.
    #[must_use]
    pub fn secret_mounts(self) -> SecretMounts {
        let row = row(self.engine);
        let Some(version) = self.version else {
            return match (&row.secret_file, &row.secret_env) {
                (Support::Since { .. }, Support::Since { with_header: Some(_), .. }) => {
                    SecretMounts::VariableWithHeader
                }
                (Support::Since { .. }, _) => SecretMounts::File,
                (Support::Word(_), _) => SecretMounts::None,
            };
        };
        let has = |support: &Support| matches!(support, Support::Since { since, .. } if version >= *since);
        let headed =
            |support: &Support| matches!(support, Support::Since { with_header: Some(first), .. } if version >= *first);
        match () {
            () if has(&row.secret_env) => SecretMounts::Variable,
            () if headed(&row.secret_env) => SecretMounts::VariableWithHeader,
            () if has(&row.secret_file) => SecretMounts::File,
            () => SecretMounts::None,
        }
    }

    /// Why it has no secrets, as a sentence without a final period; `None` where it has.
    #[must_use]
    pub fn without_secrets(self) -> Option<String> {
        (self.secret_mounts() == SecretMounts::None).then(|| {
            let why = row(self.engine).why.clone();
            why.unwrap_or_else(|| format!("{self} is too old for secret mounts"))
        })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&row(self.engine).title)?;
        match self.version {
            None => Ok(()),
            // Docker wrote the month of a release with two digits until 20.10.
            Some(Version { major: major @ 17..20, minor }) => write!(f, " {major}.{minor:02}"),
            Some(version) => write!(f, " {version}"),
        }
    }
}

impl FromStr for Release {
    type Err = String;

    /// `podman`, `docker@20.10`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        let engine = super::named(name).ok_or_else(|| {
            let nearest = super::names().collect::<Vec<_>>().join(", ");
            format!("`{name}` is no builder that is known; known are {nearest}")
        })?;
        let version = version
            .map(|version| version.parse().map_err(|()| format!("`{version}` is no version, such as `20.10`")))
            .transpose()?;
        Ok(Self { engine, version })
    }
}

impl<'de> Deserialize<'de> for Release {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a builder can do something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Support {
    /// From a release on.
    Since {
        /// By itself.
        since: Version,
        /// Where a `# syntax=` line names a frontend that is new enough.
        with_header: Option<Version>,
    },
    /// In no release, or in none that is known of.
    Word(Word),
}

/// A word of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    No,
    Unknown,
}

impl Default for Support {
    fn default() -> Self {
        Self::Word(Word::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SecretMounts::{File, None, Variable, VariableWithHeader};

    #[test]
    fn the_version_decides_which_mounts_there_are() {
        for (text, mounts) in [
            ("docker", VariableWithHeader),
            ("docker@19.03", None),
            ("docker@20.10", File),
            ("docker@23", VariableWithHeader),
            ("docker@27.2.1", VariableWithHeader),
            ("docker@27.3", Variable),
            ("docker@28", Variable),
            ("buildkit@0.9", File),
            ("buildkit@0.13", VariableWithHeader),
            ("buildctl@v0.25.1", Variable),
            ("podman", File),
            ("podman@5.8", File),
            ("podman@3.0", None),
            ("buildah", File),
            ("buildah@1.43", File),
            ("buildah@1.44", Variable),
            ("kaniko", None),
            ("testcontainers", None),
        ] {
            assert_eq!(text.parse::<Release>().map(Release::secret_mounts), Ok(mounts), "{text}");
        }
    }

    #[test]
    fn what_is_no_builder_or_no_version_is_an_error() {
        assert!("dokcer".parse::<Release>().unwrap_err().contains("known are docker, buildkit"));
        assert!("docker@new".parse::<Release>().unwrap_err().contains("no version"));
        assert_eq!("24-dind".parse(), Ok(Version { major: 24, minor: 0 }));
        assert_eq!("podman@5.3".parse::<Release>().unwrap().to_string(), "Podman 5.3");
    }
}
