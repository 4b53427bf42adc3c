//! Names of variables: which of them are secrets, which only look like it.
//!
//! A whole name decides first, then a pattern, then the words of the name: the last word that matters is the head, and
//! the words around it qualify it. The lists are in `names.toml`.

mod rules;

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::words::words;

/// What the name of a variable says about its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameVerdict {
    /// The value is a secret, as far as a name can tell.
    Secret(SecretName),
    /// The name reads like a secret's name, but what it holds is something else.
    LookAlike {
        /// Why it is taken for something else, as a clause without a full stop.
        reason: String,
    },
    /// Nothing in the name speaks of a secret. (A value that looks like a credential is one under any name.)
    Plain,
}

impl NameVerdict {
    /// The kind of secret, if it is one.
    #[must_use]
    pub fn kind(&self) -> Option<SecretKind> {
        match self {
            Self::Secret(secret) => Some(secret.kind),
            _ => None,
        }
    }
}

/// A name that is the name of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName {
    /// What the secret is for.
    pub kind: SecretKind,
    /// Why the name counts as a secret's name, as a clause without a full stop.
    pub reason: String,
}

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// A token of a registry, forge, cloud or build service: used while the image is built.
    Fetch,
    /// A password or key of the application: usually for the running container.
    Application,
    /// The address of a package index or proxy: a secret only if the value carries credentials, which a build argument
    /// without a known value may do.
    IndexUrl,
    /// A private SSH key.
    SshKey,
    /// The address of a database or broker, by convention with a password: a secret only if the value carries one.
    ConnectionUrl,
}

/// Judges a name, for example of an `ARG`, an `ENV` or a build argument. Letter case does not matter, except that a capital
/// inside a word begins a new one.
#[must_use]
pub fn classify_name(name: &str) -> NameVerdict {
    let upper = name.to_ascii_uppercase();
    let names = &*NAMES;
    if let Some(entry) = names.exact.iter().find(|entry| entry.names.contains(&upper)) {
        return entry.verdict.with(&entry.reason);
    }
    if let Some((_, entry)) = names.patterns.iter().find(|(regex, _)| regex.is_match(&upper)) {
        return entry.verdict.with(&entry.reason);
    }
    rules::classify_words(name, &names.words)
}

/// Whether bundlers write a variable of this name into the code that browsers load (manuals of Next.js, Nuxt, Expo, Vite,
/// Create React App, Vue CLI, Gatsby, ngx-env).
#[must_use]
pub fn is_bundled(name: &str) -> bool {
    const PREFIXES: [&str; 8] =
        ["NEXT_PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "VITE_", "REACT_APP_", "VUE_APP_", "GATSBY_", "NG_APP_"];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// BuildKit's own rule `SecretsUsedInArgOrEnv`: one of its words as a whole `_`-separated part of the name, in any letter
/// case, unless a part is `public` (frontend/dockerfile/dockerfile2llb/convert.go, frontend 1.9 and later).
#[must_use]
pub fn buildkit_flags(name: &str) -> bool {
    const WORDS: [&str; 10] =
        ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];
    let lower = name.to_ascii_lowercase();
    let mut parts = lower.split('_');
    !lower.split('_').any(|part| part == "public") && parts.any(|part| WORDS.contains(&part))
}

/// Whether the key `name` is the half of a pair that may be known, because one of `others` is the other half:
/// `CLOUDINARY_API_KEY` beside `CLOUDINARY_API_SECRET`, `AWS_ACCESS_KEY` beside `AWS_SECRET_ACCESS_KEY`.
#[must_use]
pub fn is_id_of_pair<'o>(name: &str, others: impl IntoIterator<Item = &'o str>) -> bool {
    // What these words name is handed out in pairs (docs.aws.amazon.com/IAM, access keys; RFC 5849, section 1.1).
    const OF_PAIRS: [&str; 6] = ["access", "api", "app", "client", "consumer", "account"];
    let own = words(name);
    let Some((head, front)) = own.split_last().filter(|(head, _)| *head == "key") else { return false };
    let Some(sort) = front.last().filter(|word| OF_PAIRS.contains(&word.as_str())) else { return false };
    let halves =
        [vec![sort.as_str(), "secret"], vec!["secret", sort, head], vec![sort, "secret", head], vec!["secret", head]];
    let start = &front[..front.len() - 1];
    others.into_iter().any(|other| {
        let other = words(other);
        other.strip_prefix(start).is_some_and(|rest| halves.iter().any(|half| rest == half.as_slice()))
    })
}

/// Whether the name may be that of a switch as well as that of a password: `BASIC_AUTH=true`.
#[must_use]
pub fn may_be_switch(name: &str) -> bool {
    words(name).last().is_some_and(|last| last == "auth")
}

/// Whether the name says that its value tells one thing from others, as checksums, commits and ids do: random-looking
/// text is no credential there.
#[must_use]
pub fn identifies(name: &str) -> bool {
    const NOUNS: [&str; 17] = [
        "id",
        "ids",
        "uuid",
        "guid",
        "hash",
        "sum",
        "checksum",
        "digest",
        "integrity",
        "sha",
        "md",
        "commit",
        "rev",
        "revision",
        "fingerprint",
        "etag",
        "version",
    ];
    words(name).last().is_some_and(|last| NOUNS.contains(&last.as_str()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tables {
    exact: Vec<Exact>,
    pattern: Vec<Pattern>,
    words: Vec<rules::WordList>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exact {
    names: Vec<String>,
    verdict: Verdict,
    reason: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    regex: String,
    verdict: Verdict,
    reason: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Fetch,
    Application,
    IndexUrl,
    SshKey,
    ConnectionUrl,
    LookAlike,
}

impl Verdict {
    fn with(self, reason: &str) -> NameVerdict {
        let kind = match self {
            Self::Fetch => SecretKind::Fetch,
            Self::Application => SecretKind::Application,
            Self::IndexUrl => SecretKind::IndexUrl,
            Self::SshKey => SecretKind::SshKey,
            Self::ConnectionUrl => SecretKind::ConnectionUrl,
            Self::LookAlike => return NameVerdict::LookAlike { reason: reason.to_owned() },
        };
        NameVerdict::Secret(SecretName { kind, reason: reason.to_owned() })
    }
}

struct Names {
    exact: Vec<Exact>,
    patterns: Vec<(Regex, Pattern)>,
    words: rules::Words,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let tables: Tables = super::table(include_str!("names.toml"));
    let compile = |pattern: Pattern| Regex::new(&pattern.regex).ok().map(|regex| (regex, pattern));
    Names {
        exact: tables.exact,
        patterns: tables.pattern.into_iter().filter_map(compile).collect(),
        words: rules::Words::new(tables.words),
    }
});

#[cfg(test)]
mod tests;
