//! Entries of settings files. The notations differ and the names are alike, so one reader of names and values serves all.

use std::sync::LazyLock;

use regex::Regex;

use super::is_written_out;
use crate::{
    image::finding::Kind,
    knowledge::names::{NameVerdict, SecretKind, classify_name},
};

/// Names of entries that hold a credential, in lower case and without `-`, `_` and `.`; the end of a name decides.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "authtoken",
    "auth",
    "authident",
    "token",
    "secret",
    "secretkey",
    "secretaccesskey",
    "sessiontoken",
    "apikey",
    "clientkeydata",
    "privatekey",
    "oauth",
    "cleartextpassword",
    "accesskey",
    "credential",
];

/// `name = value`, `name: value`, `"name": "value"`; the name may be part of a path (`//host/:_authToken`).
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)(?P<name>[A-Za-z_][\w.-]*)["']?[\t ]*[:=][\t ]*["']?(?P<value>[^\s"'<>#;,\\]+)"#).ok()
});

/// `<name>value</name>`, and the `<add key="name" value="…"/>` of .NET.
static ELEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)<(?P<name>[\w.-]+)>\s*(?P<value>[^<>\s]+)\s*</|key\s*=\s*"(?P<key>[\w.-]+)"\s+value\s*=\s*"(?P<text>[^"]+)""#)
        .ok()
});

/// Bundler's `BUNDLE_<HOST>: "user:password"`, and composer's tokens by host.
static BY_HOST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?P<name>BUNDLE_\w+__\w+|(?:github|gitlab|bitbucket)-(?:oauth|token)|bearer)["']?\s*:\s*(?:\{\s*"[^"]+"\s*:\s*)?["']?(?P<value>[^\s"'{}]{6,})"#)
        .ok()
});

pub(super) fn settings(text: &str) -> Vec<Kind> {
    let mut found = Vec::new();
    // In XML, attributes look like pairs: `key="Password" value="…"`.
    let notation = if text.trim_start_matches(['\u{feff}', ' ', '\n']).starts_with('<') { &ELEMENT } else { &PAIR };
    let matches = notation.iter().flat_map(|pattern| pattern.captures_iter(text));
    found.extend(matches.filter_map(|groups| {
        let name = groups.name("name").or_else(|| groups.name("key"))?.as_str();
        let value = groups.name("value").or_else(|| groups.name("text"))?.as_str();
        (holds_credential(name) && is_value(value)).then(|| entry(name))
    }));
    let by_host = BY_HOST.iter().flat_map(|pattern| pattern.captures_iter(text));
    found.extend(by_host.filter_map(|groups| {
        let value = groups.name("value")?.as_str();
        is_written_out(value).then(|| entry(groups.name("name").map_or("", |name| name.as_str())))
    }));
    found
}

/// `machine … login … password …`
pub(super) fn netrc(text: &str) -> Vec<Kind> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let mut pairs = words.windows(2);
    let is_password = |pair: &&[&str]| matches!(pair, ["password", value] if is_written_out(value));
    pairs.find(is_password).map(|_| entry("password")).into_iter().collect()
}

/// `host:port:database:user:password`
pub(super) fn pgpass(text: &str) -> Vec<Kind> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut passwords = lines.filter_map(|line| line.splitn(5, ':').nth(4));
    passwords.find(|password| is_written_out(password)).map(|_| entry("password")).into_iter().collect()
}

/// `user:hash`; an account that is locked (`*`, `!`) has none.
pub(super) fn hashes(text: &str) -> Vec<Kind> {
    let mut hashes = text.lines().filter_map(|line| line.split(':').nth(1));
    let is_hash = |hash: &&str| (hash.starts_with('$') && hash.len() > 20) || hash.starts_with("{SHA");
    let what = "hashes of passwords".to_owned();
    hashes.find(is_hash).map(|_| Kind::File { what }).into_iter().collect()
}

fn entry(name: &str) -> Kind {
    Kind::Entry { name: name.to_owned() }
}

fn holds_credential(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if NAMES.iter().any(|end| plain.ends_with(end)) && !plain.starts_with("always") {
        return true;
    }
    match classify_name(name) {
        NameVerdict::Secret(secret) => !matches!(secret.kind, SecretKind::IndexUrl | SecretKind::ConnectionUrl),
        NameVerdict::LookAlike { .. } | NameVerdict::Plain => false,
    }
}

fn is_value(value: &str) -> bool {
    let is_switch =
        matches!(value, "true" | "false" | "null" | "none" | "basic" | "legacy" | "required" | "optional" | "prompt");
    !is_switch && value.len() >= 4 && !value.starts_with(['[', '(']) && is_written_out(value)
}
