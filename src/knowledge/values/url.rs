//! Credentials in URLs: `scheme://user:password@host`.

use super::{ValueVerdict, classify_value, is_nothing};
use crate::source::{TextRange, range, slice};

/// The credentials part of a URL. Ranges are in bytes of the value that was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Userinfo {
    /// From the first byte behind `://` to the last one before the `@`.
    pub range: TextRange,
    /// From the first byte behind the `@` to the end of the host (and port).
    pub host: TextRange,
    /// The scheme, as written.
    pub scheme: String,
    /// What stands before the `:`.
    pub user: UserinfoPart,
    /// What stands behind the `:`, if there is one.
    pub password: Option<UserinfoPart>,
}

/// The user or the password of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserinfoPart {
    /// Where it stands.
    pub range: TextRange,
    /// The variables in it, in order and without `$` and braces; empty for literal text.
    pub variables: Vec<String>,
}

impl Userinfo {
    /// The names of all variables, those of the user first.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let parts = [Some(&self.user), self.password.as_ref()].into_iter().flatten();
        parts.flat_map(|part| &part.variables).map(String::as_str)
    }

    /// Whether it lets somebody in: it has a password, or its user is a variable or has the form of a token. The user
    /// `git` of an SSH URL does not. `value` is the text that was searched.
    #[must_use]
    pub fn is_credential(&self, value: &str) -> bool {
        if let Some(password) = &self.password {
            let blank = |part: &UserinfoPart| part.variables.is_empty() && is_nothing(slice(value, part.range));
            // A token is often the password of a user such as `x`.
            let nobody = blank(&self.user) && usize::from(self.user.range.len()) > 4;
            return !password.range.is_empty() && !blank(password) && !nobody;
        }
        let ssh = self.scheme.contains("ssh") || self.scheme == "sftp";
        let token = || matches!(classify_value(slice(value, self.user.range)), ValueVerdict::CredentialShaped { .. });
        !ssh && (!self.user.variables.is_empty() || token())
    }
}

/// Finds the first URL in `value` that names a user. Variables (`$TOKEN`, `${USER:-x}`) may stand anywhere in it; a
/// variable in front of the `@` that is not followed by `:` or `@` as in `https://$HOST/a@b` is not a user.
#[must_use]
pub fn url_userinfo(value: &str) -> Option<Userinfo> {
    let mut from = 0;
    while let Some(found) = value.get(from..)?.find("://") {
        let start = from + found + 3;
        if let Some(userinfo) = userinfo_at(value, start) {
            return Some(userinfo);
        }
        from = start;
    }
    None
}

/// `start` is the byte behind `://`.
fn userinfo_at(value: &str, start: usize) -> Option<Userinfo> {
    let authority = authority_end(value, start);
    let at = start + value.get(start..authority)?.rfind('@')?;
    let inside = value.get(start..at)?;
    let colon = outside_braces(inside, |char| char == ':');
    let scheme = value.get(..start.checked_sub(3)?)?;
    let scheme = scheme.rsplit(|char: char| !(char.is_ascii_alphanumeric() || "+.-".contains(char))).next()?;
    Some(Userinfo {
        range: range(start, at),
        host: range(at + 1, authority),
        scheme: scheme.to_ascii_lowercase(),
        user: part(value, start, colon.map_or(at, |colon| start + colon)),
        password: colon.map(|colon| part(value, start + colon + 1, at)),
    })
}

/// The end of the authority: a `/`, `?`, `#`, quote, blank or bracket outside `${…}`.
fn authority_end(value: &str, start: usize) -> usize {
    let rest = value.get(start..).unwrap_or("");
    let end = outside_braces(rest, |char| "/?#\"'`<>,;|\\".contains(char) || char.is_whitespace());
    start + end.unwrap_or(rest.len())
}

/// The first character that `wanted` accepts and that is not inside `${…}` or `$(…)`.
fn outside_braces(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (index, char) in text.char_indices() {
        match char {
            '{' | '(' if before == '$' || depth > 0 => depth += 1,
            '}' | ')' if depth > 0 => depth -= 1,
            _ if depth == 0 && wanted(char) => return Some(index),
            _ => {}
        }
        before = char;
    }
    None
}

fn part(value: &str, start: usize, end: usize) -> UserinfoPart {
    let at = range(start, end);
    UserinfoPart { range: at, variables: variables(slice(value, at)) }
}

/// The names behind `$` and `${` in `text`.
fn variables(text: &str) -> Vec<String> {
    let pieces = text.split('$').skip(1).map(|piece| piece.trim_start_matches(['{', '(']));
    let names = pieces.map(|piece| piece.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_'));
    names.map(Iterator::collect::<String>).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str) -> Option<(String, Option<String>, Vec<String>)> {
        url_userinfo(value).map(|found| {
            let text = |part: &UserinfoPart| slice(value, part.range).to_owned();
            let variables = found.variables().map(String::from).collect();
            (text(&found.user), found.password.as_ref().map(text), variables)
        })
    }

    #[test]
    fn users_and_passwords_are_told_apart() {
        let found = parts("git+https://x:$TOKEN@git.example.com/o/r").unwrap();
        assert_eq!(found, ("x".into(), Some("$TOKEN".into()), vec!["TOKEN".into()]));
        let found = parts("--index-url=https://${USER:-me}:${A}${B}@pypi.example.com:8080/simple").unwrap();
        assert_eq!(found, ("${USER:-me}".into(), Some("${A}${B}".into()), vec!["USER".into(), "A".into(), "B".into()]));
        let found = parts("https://$(cat /run/secrets/t)@git.example.com").unwrap();
        assert_eq!(found.0, "$(cat /run/secrets/t)");
        let found = parts("https://a.example.com, postgres://u:p@ss@db").unwrap();
        assert_eq!((found.0.as_str(), found.1.as_deref()), ("u", Some("p@ss")));
    }

    #[test]
    fn hosts_and_paths_are_no_users() {
        for value in ["https://host.example.com/a@b", "git@git.example.com:o/r", "https://$HOST/x@1", "://", "a", ""] {
            assert_eq!(parts(value), None, "{value}");
        }
        let userinfo = url_userinfo("ssh://git@git.example.com/o/r").unwrap();
        assert!(!userinfo.is_credential("ssh://git@git.example.com/o/r"));
    }

    #[test]
    fn a_host_is_found_behind_the_user() {
        let value = "https://t:p@git.example.com:8443/x";
        assert_eq!(
            url_userinfo(value).map(|found| slice(value, found.host).to_owned()),
            Some("git.example.com:8443".into())
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(value in "\\PC{0,40}", url in "[a-z:/@$({})?# é]{0,40}") {
            let _ = (url_userinfo(&value), classify_value(&value), url_userinfo(&url), classify_value(&url));
        }
    }
}
