//! The values that builds are given in the place of their secrets.

use std::{
    collections::BTreeSet,
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
};

use camino::Utf8Path;

use super::shape;
use crate::{
    image::{ImageError, NamedSecret, SHORTEST},
    knowledge::names::{SecretKind, classify_name},
};

/// Every secret of a run with its value. One secret has many names: the build argument, the id of the mount, the variable
/// that a caller takes it from, the file that holds it. Before and after a migration they lead to one value.
#[derive(Debug, Default)]
pub struct Values(Vec<Value>);

/// One secret.
struct Value {
    /// Names in the form of [`alike`]; the first one that was used is in front.
    names: Vec<String>,
    /// What a build argument or a variable holds.
    text: Vec<u8>,
    /// What has to be looked for: the part of the text that nobody else has.
    telling: Vec<u8>,
    /// Whether the text was made up, so that a file that holds it may have any form.
    generated: bool,
}

impl Values {
    /// The values that a person gave, by id.
    #[must_use]
    pub fn given(values: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let known = |(id, text): (String, Vec<u8>)| Value::known(&id, text);
        Self(values.into_iter().map(known).collect())
    }

    /// Makes `text`, which stands in a file of the repository, the value of `name`, unless it has one. Texts that are too
    /// short to be looked for are passed over.
    pub fn literal(&mut self, name: &str, text: &str) {
        if text.len() >= SHORTEST && self.find(&[name]).is_none() {
            self.0.push(Value::known(name, text.as_bytes().to_vec()));
        }
    }

    /// The value of the secret that has one of `names`, and now all of them; a new one if none is known.
    pub fn text(&mut self, names: &[&str]) -> Vec<u8> {
        let value = self.value(names);
        // A key ends with a line feed; other values that were read from a file have one by accident.
        let is_key = value.text.starts_with(b"-----BEGIN");
        let end = value.text.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        if is_key { value.text.clone() } else { value.text.get(..end).unwrap_or_default().to_vec() }
    }

    /// The content of a file that holds the secret with one of `names`, in the form that the tools which read a file of
    /// this path want.
    pub fn file(&mut self, names: &[&str], path: &Utf8Path) -> Vec<u8> {
        let value = self.value(names);
        if !value.generated {
            return value.text.clone();
        }
        shape::content(path, &String::from_utf8_lossy(&value.telling), &String::from_utf8_lossy(&value.text)).into()
    }

    /// Everything that must not be found in an image.
    ///
    /// # Errors
    /// A value that was given is too short to be looked for.
    pub fn secrets(&self) -> Result<Vec<NamedSecret>, ImageError> {
        let secret = |value: &Value| NamedSecret::new(value.names.first().map_or("", String::as_str), &*value.telling);
        self.0.iter().map(secret).collect()
    }

    fn find(&self, names: &[&str]) -> Option<usize> {
        let names: BTreeSet<String> = names.iter().map(|name| alike(name)).collect();
        self.0.iter().position(|value| value.names.iter().any(|name| names.contains(name)))
    }

    fn value(&mut self, names: &[&str]) -> &Value {
        let at = self.find(names).unwrap_or_else(|| {
            self.0.push(Value::generate(names));
            self.0.len() - 1
        });
        let value = &mut self.0[at];
        for name in names.iter().map(|name| alike(name)) {
            if !name.is_empty() && !value.names.contains(&name) {
                value.names.push(name);
            }
        }
        value
    }
}

impl Value {
    fn known(name: &str, text: Vec<u8>) -> Self {
        Self { names: vec![alike(name)], telling: text.clone(), text, generated: false }
    }

    /// A value in the form that the first telling name promises.
    fn generate(names: &[&str]) -> Self {
        let canary = canary();
        let kind = names.iter().find_map(|name| classify_name(name).kind());
        let (text, telling) = match kind {
            Some(SecretKind::SshKey) => {
                let key = shape::private_key(&std::array::from_fn(|_| canary_of(70)));
                (key.clone(), key)
            }
            Some(SecretKind::IndexUrl) => (format!("https://build:{canary}@index.example.com/simple/"), canary),
            Some(SecretKind::ConnectionUrl) => (format!("https://build:{canary}@data.example.com/"), canary),
            Some(SecretKind::Fetch | SecretKind::Application) | None => (canary.clone(), canary),
        };
        Self { names: Vec::new(), text: text.into(), telling: telling.into(), generated: true }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Value").field("names", &self.names).field("text", &"[redacted]").finish_non_exhaustive()
    }
}

/// A name without what tells its spellings apart: `NPM_TOKEN`, `npm-token` and `.npm_token` are one.
fn alike(name: &str) -> String {
    let plain = name.to_ascii_lowercase().replace(|char: char| !char.is_ascii_alphanumeric(), "_");
    plain.trim_matches('_').to_owned()
}

/// A value that occurs nowhere else: letters and digits, which every shell, URL and settings file takes as they are.
fn canary() -> String {
    canary_of(33)
}

fn canary_of(length: usize) -> String {
    // Each state has keys of its own, from the system's source of randomness.
    let digits = || format!("{:016x}", RandomState::new().build_hasher().finish());
    let mut text = "c".to_owned();
    while text.len() < length {
        text.push_str(&digits());
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_of_a_secret_lead_to_one_value() {
        let mut values = Values::default();
        let before = values.text(&["SENTRY_AUTH_TOKEN", "sentry_token"]);
        assert_eq!(values.text(&["sentry-auth-token"]), before);
        assert_eq!(values.text(&["sentry_token"]), before);
        assert_ne!(values.text(&["OTHER"]), before);
        assert_eq!(before.len(), 33);
        let file = values.file(&[".npmrc"], ".npmrc".into());
        assert!(String::from_utf8(file).unwrap().starts_with("//registry.example.com/:_authToken=c"));
    }

    #[test]
    fn what_is_given_or_written_is_taken_as_it_is() {
        let mut values = Values::given([("npm_token".to_owned(), b"kn0ck-kn0ck".to_vec())]);
        values.literal("NPM_TOKEN", "something-else");
        values.literal("API_KEY", "written-down");
        values.literal("SHORT", "dev");
        assert_eq!(values.text(&["NPM_TOKEN"]), b"kn0ck-kn0ck");
        assert_eq!(values.file(&["npm_token"], ".npmrc".into()), b"kn0ck-kn0ck");
        assert_eq!(values.text(&["api_key"]), b"written-down");
        assert_eq!(values.secrets().unwrap().len(), 2);
        assert!(!format!("{values:?}").contains("kn0ck"));
    }

    #[test]
    fn a_value_has_the_form_that_its_name_promises() {
        let mut values = Values::default();
        let text = |values: &mut Values, name| String::from_utf8(values.text(&[name])).unwrap();
        assert!(text(&mut values, "PIP_INDEX_URL").starts_with("https://build:c"));
        assert!(text(&mut values, "SSH_PRIVATE_KEY").starts_with("-----BEGIN "));
        assert!(values.secrets().unwrap().iter().all(|secret| !secret.id().is_empty()));
    }
}
