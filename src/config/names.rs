use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::Settings;
use crate::knowledge::files::matches_name;
use crate::knowledge::names::{NameVerdict, SecretKind, SecretName, classify_name};

/// Which names of variables are those of secrets, besides what dfmigrate knows. A whole name counts more than a pattern, a
/// longer pattern more than a shorter one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Names {
    /// Names of secrets: `ACME_CRED`, `CORP_*_PASS`. `*` is any text; letter case does not matter.
    pub secret: Vec<NamePattern>,
    /// Names that hold no secret although they look like it. A value that looks like a credential is still one.
    pub ignore: Vec<NamePattern>,
}

/// A name, or a pattern of names in which `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(transparent))]
pub struct NamePattern(String);

impl NamePattern {
    /// This name or pattern.
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether it matches all of `name`, in any letter case.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        matches_name(&self.0, name)
    }

    /// How much it says: a whole name more than any pattern, a pattern more the longer it is.
    fn weight(&self) -> (bool, usize) {
        (!self.0.contains('*'), self.0.len())
    }
}

impl<'de> Deserialize<'de> for NamePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plain = |char: char| char.is_ascii_alphanumeric() || "_.-*".contains(char);
        if text.is_empty() || !text.chars().all(plain) {
            return Err(D::Error::custom(format!("`{text}` is no name of a variable, in which `*` is any text")));
        }
        if text.chars().all(|char| char == '*') {
            return Err(D::Error::custom(format!("`{text}` would match every name")));
        }
        Ok(Self(text))
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Settings {
    /// What the name of a variable says about its value, with what was decided about it.
    #[must_use]
    pub fn classify_name(&self, name: &str) -> NameVerdict {
        let weight = |patterns: &[NamePattern]| {
            patterns.iter().filter(|pattern| pattern.matches(name)).map(NamePattern::weight).max()
        };
        let known = || classify_name(name);
        let is_listed = self.secrets.keys().any(|listed| listed == name);
        match (weight(&self.names.secret), weight(&self.names.ignore)) {
            (None, None) if is_listed => of_secret(known()),
            (None, None) => known(),
            (secret, ignored) if secret > ignored => of_secret(known()),
            _ => NameVerdict::LookAlike { reason: "the settings say that it holds no secret".to_owned() },
        }
    }
}

/// The verdict about a name that is a secret's by decision; what is known of it besides still holds.
fn of_secret(known: NameVerdict) -> NameVerdict {
    match known {
        NameVerdict::Secret(_) => known,
        NameVerdict::LookAlike { .. } | NameVerdict::Plain => NameVerdict::Secret(SecretName {
            kind: SecretKind::Application,
            reason: "the settings say that it holds a secret".to_owned(),
        }),
    }
}
