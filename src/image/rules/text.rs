//! Credentials in text of any kind: values of variables, commands, lines of settings.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    image::finding::Kind,
    knowledge::{
        names::{SecretKind, classify_name},
        values::{Userinfo, ValueVerdict, classify_value, url_userinfo},
    },
    source::slice,
};

/// What `classify_value` calls text without a known form.
const NO_FORM: &str = "random-looking text";

/// An authorization header, as text or as an option of git (`http.extraHeader`).
static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:authorization|private-token|x-api-key|x-auth-token)\s*[:=]\s*(?:(?:basic|bearer|token)\s+)?([^\s'\x22\\,]{8,})")
        .ok()
});

/// Whether `value` is a secret and not a reference to one, a placeholder or nothing.
pub(in crate::image) fn is_written_out(value: &str) -> bool {
    let value = value.trim();
    let is_reference = value.starts_with(['$', '%', '<', '{', '*']) || value.contains("${") || value.contains("$(");
    !is_reference && !matches!(classify_value(value), ValueVerdict::Empty | ValueVerdict::Placeholder)
}

/// What the value of a variable gives away.
pub(in crate::image) fn of_variable(name: &str, value: &str) -> Option<Kind> {
    let verdict = classify_value(value);
    if let ValueVerdict::UrlWithCredentials(userinfo) = &verdict {
        return has_password(userinfo, value).then_some(Kind::Url);
    }
    if let ValueVerdict::CredentialShaped { what } = &verdict
        && what != NO_FORM
    {
        return Some(Kind::Token { what: what.clone() });
    }
    let is_secret = match classify_name(name).kind()? {
        SecretKind::IndexUrl | SecretKind::ConnectionUrl => false,
        // The name of a file or a number is what many such variables hold.
        _ => is_written_out(value) && verdict != ValueVerdict::Public,
    };
    is_secret.then(|| Kind::Variable { name: name.to_owned() })
}

/// What a text of any kind gives away: URLs with passwords, headers.
pub(in crate::image) fn of_text(text: &str) -> Vec<Kind> {
    let mut found = Vec::new();
    if text.contains("://") && text.contains('@') && urls(text).any(|(url, info)| has_password(&info, url)) {
        found.push(Kind::Url);
    }
    if let Some(header) = HEADER.iter().find_map(|header| header.captures(text)) {
        let value = header.get(1).map_or("", |value| value.as_str());
        if is_written_out(value) && !value.contains('$') {
            found.push(Kind::Entry { name: "Authorization".to_owned() });
        }
    }
    found
}

/// The words of `text` that are URLs with a user.
fn urls(text: &str) -> impl Iterator<Item = (&str, Userinfo)> {
    let words = text.split(|char: char| char.is_whitespace() || "\"'`<>()[],;|".contains(char));
    words.filter(|word| word.contains("://")).filter_map(|word| Some((word, url_userinfo(word)?)))
}

/// Whether a URL holds a password or token of its own, and not one of an example.
fn has_password(userinfo: &Userinfo, url: &str) -> bool {
    let part = userinfo.password.as_ref().unwrap_or(&userinfo.user);
    let text = slice(url, part.range);
    userinfo.is_credential(url) && part.variables.is_empty() && is_written_out(text) && !text.contains("***")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables() {
        let secret = |name: &str| Some(Kind::Variable { name: name.to_owned() });
        assert_eq!(of_variable("NPM_TOKEN", "kn0ck-kn0ck"), secret("NPM_TOKEN"));
        assert_eq!(of_variable("NPM_TOKEN", "${NPM_TOKEN}"), None);
        assert_eq!(of_variable("DB_PASSWORD", "changeme"), None);
        assert_eq!(of_variable("TOKEN_FILE", "/run/secrets/token"), None);
        assert_eq!(of_variable("PATH", "/usr/bin:/bin"), None);
        assert_eq!(of_variable("INDEX", "https://me:kn0ck-kn0ck@pypi.example.com/simple"), Some(Kind::Url));
        assert_eq!(of_variable("PIP_INDEX_URL", "https://pypi.example.com/simple"), None);
    }

    #[test]
    fn commands() {
        assert_eq!(of_text("git clone https://x:kn0ck-kn0ck@git.example.com/o/r"), [Kind::Url]);
        assert_eq!(of_text("git clone https://x:$TOKEN@git.example.com/o/r"), []);
        let header = [Kind::Entry { name: "Authorization".to_owned() }];
        assert_eq!(of_text("curl -H 'Authorization: Bearer kn0ck-kn0ck' https://a.example.com"), header);
        assert_eq!(of_text("curl -H \"Authorization: Bearer $TOKEN\" https://a.example.com"), []);
    }
}
