//! Credentials inside one text: in URLs, headers, queries, fields, and by their shape.

use std::sync::LazyLock;

use regex::Regex;

use super::places::is_secret;
use crate::config::Settings;
use crate::knowledge::values::{ValueVerdict, classify_value, url_userinfo};
use crate::source::slice;

/// Where in a text a credential may stand.
pub(super) struct Spot {
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
    /// What it is, with its article.
    pub what: String,
    /// The variable that a mount should have for it.
    pub name: String,
}

impl Spot {
    /// A spot.
    pub(super) fn new(start: usize, end: usize, what: impl Into<String>, name: String) -> Self {
        Self { start, end, what: what.into(), name }
    }
}

/// The first credential in `text`; `named` makes a variable of what it is.
pub(super) fn spot(text: &str, named: impl Fn(&str) -> String) -> Option<Spot> {
    in_url(text, &named)
        .or_else(|| in_header(text, &named))
        .or_else(|| in_query(text, &named))
        .or_else(|| by_shape(text, &named))
}

/// A header that carries a credential, up to its value. Without a blank behind the colon it has to stand behind an option:
/// names of images look like that.
static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const NAME: &str = r"(authorization|proxy-authorization|(?:[a-z]+-)*(?:token|api-?key|apikey|secret|auth)(?:-[a-z]+)*|x-jfrog-art-api)";
    let front = format!(r"(?:\s*{NAME}\s*:\s+|\s*(?:-H|--header=?)\s*{NAME}\s*:\s*)");
    Regex::new(&format!(r"(?i)^{front}(?:(?:bearer|token|basic|apikey)\s+)?(\S+)\s*$")).ok()
});

/// A parameter of a URL's query that carries a credential (RFC 6750 section 2.3; GitLab and SonarQube documentation).
static QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const NAMES: &str = "access_token|auth_token|private_token|job_token|token|api_?key|password|passwd|client_secret";
    Regex::new(&format!(r#"(?i)[?&]({NAMES})=([^&\s"'#]+)"#)).ok()
});

/// A field of a form or of a JSON document that carries a credential.
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:^|[&{,\s=])"?((?:[a-z]+_?)*(?:password|passwd|token|secret|api_?key))"?\s*[=:]\s*"?([^"&,}\s]+)"#,
    )
    .ok()
});

/// The first field of a request's body that is a credential.
pub(super) fn in_fields(text: &str, named: impl Fn(&str) -> String) -> Option<Spot> {
    let found = FIELD.as_ref()?.captures(text)?;
    let (field, value) = (found.get(1)?.as_str(), found.get(2)?);
    let what = format!("the value of the field `{}`", field.to_ascii_lowercase());
    Some(Spot::new(value.start(), value.end(), what, named(field)))
}

fn in_query(text: &str, named: impl Fn(&str) -> String) -> Option<Spot> {
    if !text.contains("://") {
        return None;
    }
    let found = QUERY.as_ref()?.captures(text)?;
    let (parameter, value) = (found.get(1)?.as_str().to_ascii_lowercase(), found.get(2)?);
    let what = format!("the value of the parameter `{parameter}` of a URL");
    Some(Spot::new(value.start(), value.end(), what, named(&parameter)))
}

fn in_url(text: &str, named: impl Fn(&str) -> String) -> Option<Spot> {
    let userinfo = url_userinfo(text).filter(|userinfo| userinfo.is_credential(text))?;
    let user = slice(text, userinfo.user.range);
    // A token as the user has one of these as its password (git-scm.com, docs.github.com, GitLab documentation).
    let filler = |password: &str| matches!(password, "x-oauth-basic" | "x" | "oauth2" | "x-access-token" | "");
    let password = userinfo.password.as_ref().filter(|password| !filler(slice(text, password.range)));
    let part = password.unwrap_or(&userinfo.user);
    let (what, name) = match password {
        Some(_) => ("the password of a URL", named("password")),
        None => ("the token of a URL", named("token")),
    };
    // A service that is set up for the build alone opens nothing elsewhere.
    let local = matches!(slice(text, userinfo.host).split(':').next(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let as_user = password.is_some_and(|password| slice(text, password.range) == user);
    let plain = part.variables.is_empty() && !local && !as_user;
    plain.then(|| Spot::new(part.range.start().into(), part.range.end().into(), what, name))
}

fn in_header(text: &str, named: impl Fn(&str) -> String) -> Option<Spot> {
    let found = HEADER.as_ref()?.captures(text)?;
    // `Authorization: Bearer ` goes on in another piece of the word.
    let scheme = |text: &str| ["bearer", "token", "basic", "apikey"].contains(&text.to_ascii_lowercase().as_str());
    let value = found.get(3).filter(|value| !scheme(value.as_str()))?;
    let header = found.get(1).or_else(|| found.get(2))?.as_str().to_ascii_lowercase();
    let name = match header.as_str() {
        "authorization" | "proxy-authorization" => named("token"),
        other => other.trim_start_matches("x-").to_ascii_uppercase().replace('-', "_"),
    };
    Some(Spot::new(value.start(), value.end(), format!("the value of the header `{header}`"), name))
}

/// A token whose form says what it is. Random-looking text alone says too little: names of objects look like it.
fn by_shape(text: &str, named: impl Fn(&str) -> String) -> Option<Spot> {
    let inside = |char: char| char.is_ascii_alphanumeric() || "_.+/~-".contains(char);
    let mut start = 0;
    while start < text.len() {
        let rest = text.get(start..)?;
        let begin = start + rest.find(inside)?;
        let length = text.get(begin..)?.find(|char| !inside(char)).unwrap_or(text.len() - begin);
        let end = begin + length;
        if let ValueVerdict::CredentialShaped { what } = classify_value(text.get(begin..end)?)
            && what != "random-looking text"
        {
            let name = what.split_whitespace().skip(1).take(2).collect::<Vec<_>>().join("_").to_ascii_uppercase();
            let plain = name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
            let name = if plain { name } else { named("token") };
            return Some(Spot::new(begin, end, what, name));
        }
        start = end.max(start + 1);
    }
    None
}

/// Words of which every place for a credential has one; what is left is told by its name or its form.
static TELLING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)pass|pwd|token|secret|key|auth|cred|private|://|mysql|mariadb|redis-cli|login|newusers|adduser|\s-u|identified|\brar\b|unrar|7z|zip|\$(?:apr1|\d|y|2\w)\$",
    )
    .ok()
});

/// Whether a Dockerfile of this text can hold a credential: a necessary condition where nobody named further secrets.
pub(super) fn may_hold_credential(text: &str) -> bool {
    let plain = Settings::default();
    let separates = |char: char| char.is_whitespace() || "\"'=,;:".contains(char);
    let telling = |word: &str| {
        !word.is_empty()
            && (is_secret(&plain, word) || matches!(classify_value(word), ValueVerdict::CredentialShaped { .. }))
    };
    TELLING.as_ref().is_none_or(|words| words.is_match(text)) || text.split(separates).any(telling)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<String> {
        let found = spot(text, |what| what.to_ascii_uppercase())?;
        text.get(found.start..found.end).map(str::to_owned)
    }

    #[test]
    fn a_credential_is_found_in_its_place() {
        for (text, value) in [
            ("Authorization: Bearer kq83hdm2", "kq83hdm2"),
            ("-HX-Api-Key:kq83hdm2", "kq83hdm2"),
            ("--header=PRIVATE-TOKEN: kq83hdm2", "kq83hdm2"),
            ("https://me:kq83hdm2@git.example.com/r", "kq83hdm2"),
            ("https://kq83hdm2:x-oauth-basic@git.example.com/r", "kq83hdm2"),
            ("https://api.example.com/x?v=1&access_token=kq83hdm2&y=2", "kq83hdm2"),
        ] {
            assert_eq!(found(text).as_deref(), Some(value), "{text}");
        }
        let field =
            |text: &str| in_fields(text, str::to_owned).and_then(|at| text.get(at.start..at.end).map(str::to_owned));
        assert_eq!(field(r#"{"user": "a", "password": "kq83hdm2"}"#).as_deref(), Some("kq83hdm2"));
        assert_eq!(field("user=a&client_secret=kq83hdm2").as_deref(), Some("kq83hdm2"));
    }

    #[test]
    fn other_texts_have_none() {
        for text in [
            "auth:latest",
            "registry.example.com/token:1.2",
            "Authorization: Bearer ",
            "https://api.example.com/?page=2",
            "https://app:app@db.example.com/app",
            "http://root:kq83hdm2@localhost:8080/",
            "X-Requested-With: curl",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
