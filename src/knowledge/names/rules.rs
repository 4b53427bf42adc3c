//! The verdict over the words of a name.

use std::collections::HashMap;

use serde::Deserialize;

use super::{NameVerdict, SecretKind, SecretName};
use crate::knowledge::words::{is_joined, words};

/// What the words of a list do in a name; `names.toml` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    Secret,
    SecretEnding,
    SecretShortEnding,
    Joined,
    Filler,
    Owner,
    Descriptor,
    Switch,
    PublicKey,
    PublicToken,
    PrivateKey,
    KeysOf,
    AuthOf,
    SaltOf,
    FetchService,
    ApplicationService,
    LocalAccount,
    ConnectionService,
    NotConnection,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordList {
    role: Role,
    words: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// The word lists by role.
#[derive(Debug, Default)]
pub(super) struct Words(HashMap<Role, Vec<String>>);

impl Words {
    pub(super) fn new(lists: Vec<WordList>) -> Self {
        let mut roles: HashMap<Role, Vec<String>> = HashMap::new();
        for list in lists {
            roles.entry(list.role).or_default().extend(list.words);
        }
        Self(roles)
    }

    fn of(&self, role: Role) -> &[String] {
        self.0.get(&role).map_or(&[], Vec::as_slice)
    }

    fn has(&self, role: Role, word: &str) -> bool {
        self.of(role).iter().any(|known| known == word)
    }

    fn any(&self, role: Role, words: &[String]) -> bool {
        words.iter().any(|word| self.has(role, word))
    }

    /// The word of the `secret` list that `word` is or ends in.
    fn secret_in<'w>(&'w self, word: &'w str) -> Option<&'w str> {
        if self.has(Role::Secret, word) {
            return Some(word);
        }
        let ending = |role| {
            self.of(role).iter().filter_map(move |ending| Some((ending.as_str(), word.strip_suffix(ending.as_str())?)))
        };
        let long = ending(Role::SecretEnding).find(|(_, front)| !front.is_empty());
        let short = || ending(Role::SecretShortEnding).find(|(_, front)| is_joined(front, self.of(Role::Joined)));
        long.or_else(short).map(|(ending, _)| ending)
    }
}

/// Judges a name by its words.
pub(super) fn classify_words(name: &str, lists: &Words) -> NameVerdict {
    let all = words(name);
    if let Some(verdict) = connection(&all, lists) {
        return verdict;
    }
    let meaningful = all.iter().rposition(|word| !lists.has(Role::Filler, word)).map_or(0, |last| last + 1);
    let (front, head) = match all.get(..meaningful).and_then(<[String]>::split_last) {
        Some((head, front)) => (front, head.as_str()),
        None => return undecided(&all, lists),
    };
    match lists.secret_in(head) {
        Some(_) if lists.any(Role::Switch, &all) => look_alike("the name is that of a switch".to_owned()),
        Some(noun) => secret(front, head, noun, lists),
        None if reversed(front, head, lists) => {
            let noun = all.first().map_or("", String::as_str);
            secret(all.get(1..).unwrap_or_default(), noun, noun, lists)
        }
        None => undecided(&all, lists),
    }
}

/// `PASSWORD_DB`: the secret word first, its owner behind.
fn reversed(front: &[String], head: &str, lists: &Words) -> bool {
    matches!(front, [only] if !matches!(only.as_str(), "key" | "keys" | "auth" | "oauth") && lists.secret_in(only).is_some())
        && lists.has(Role::Owner, head)
}

/// A name whose last word is no secret's: a description of a secret if one is named further in front.
fn undecided(all: &[String], lists: &Words) -> NameVerdict {
    let noun = all
        .iter()
        .find_map(|word| lists.secret_in(word).filter(|noun| !matches!(*noun, "salt" | "salts" | "pat" | "oauth")));
    let Some(noun) = noun else { return NameVerdict::Plain };
    match all.iter().rev().find(|word| lists.has(Role::Descriptor, word)) {
        Some(word) => look_alike(format!("`{word}` says that it describes a {noun} and does not hold it")),
        None => look_alike(format!("`{noun}` is in the name, but its last word is no word for a secret")),
    }
}

/// Addresses of databases and brokers.
fn connection(all: &[String], lists: &Words) -> Option<NameVerdict> {
    let filled = all.iter().rev().take_while(|word| lists.has(Role::Filler, word) && *word != "string").count();
    let (head, front) = all.get(..all.len() - filled)?.split_last()?;
    let last = front.last().map_or("", String::as_str);
    let string = matches!(head.as_str(), "connectionstring" | "connstr" | "connstring")
        || matches!((last, head.as_str()), ("connection" | "conn", "string" | "str" | "url" | "uri"));
    let address = matches!(head.as_str(), "url" | "uri" | "urls")
        && lists.has(Role::ConnectionService, last)
        && !lists.any(Role::NotConnection, front);
    let source_name = head == "dsn" && !front.iter().any(|word| word == "sentry");
    let reason = "addresses of databases and brokers often hold a password";
    (string || address || source_name).then(|| found(SecretKind::ConnectionUrl, reason.to_owned()))
}

/// A name whose head is `head`, which is or ends in the secret word `noun`.
fn secret(front: &[String], head: &str, noun: &str, lists: &Words) -> NameVerdict {
    let private = lists.any(Role::PrivateKey, front)
        || lists.of(Role::PrivateKey).iter().any(|word| head.contains(word.as_str()));
    let before = |role| front.last().is_some_and(|last| lists.has(role, last));
    let harmless = match noun {
        "key" | "keys" if !private && lists.any(Role::PublicKey, front) => {
            Some("keys of this sort are public or identify something")
        }
        "keys" if !before(Role::KeysOf) => Some("the plural is used for fingerprints and lists of identifiers"),
        "token" | "tokens" if lists.any(Role::PublicToken, front) => Some("tokens of this sort are public or counted"),
        "auth" | "oauth" if !front.is_empty() && !lists.any(Role::AuthOf, front) => {
            Some("it names a method of authentication or switches one on")
        }
        "salt" | "salts" if !before(Role::SaltOf) => Some("it is not the salt of a password"),
        _ => None,
    };
    match harmless {
        Some(_) if noun.starts_with("salt") => undecided(front, lists),
        Some(reason) => look_alike(reason.to_owned()),
        None => found(kind(front, head, noun, lists), format!("`{head}` is a word for a secret")),
    }
}

fn kind(front: &[String], head: &str, noun: &str, lists: &Words) -> SecretKind {
    let named = |words: &[&str]| front.iter().any(|word| words.contains(&word.as_str()));
    if noun.contains("key") && (head.contains("ssh") || named(&["ssh"])) {
        return SecretKind::SshKey;
    }
    let token = matches!(noun, "token" | "tokens" | "pat");
    let of_client = noun == "secret" && named(&["client", "app", "webhook", "jwt", "session", "oauth"]);
    let local = !token && lists.any(Role::LocalAccount, front);
    let mut services = lists.of(Role::FetchService).iter();
    let service =
        lists.any(Role::FetchService, front) || services.any(|word| head != noun && head.starts_with(word.as_str()));
    let fetches = service || (token && !lists.any(Role::ApplicationService, front));
    if fetches && !of_client && !local { SecretKind::Fetch } else { SecretKind::Application }
}

fn found(kind: SecretKind, reason: String) -> NameVerdict {
    NameVerdict::Secret(SecretName { kind, reason })
}

fn look_alike(reason: String) -> NameVerdict {
    NameVerdict::LookAlike { reason }
}
