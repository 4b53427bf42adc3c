use std::sync::LazyLock;

use regex::Regex;

use crate::knowledge::values::{ValueVerdict, classify_value};

/// The settings of configuration files whose value is a credential, in the writings of INI, JSON, YAML, XML and netrc:
/// npm's `_authToken`, pip's URLs, maven's `<password>`, NuGet's `ClearTextPassword`, docker's `auth` (documentation of the
/// tools).
const SETTING: &str = r#"(?ix)
    (?: ^ | [\s"'<:/._-] )
    ( _?auth | _?auth_?token | identity_?token | registry_?token | npmauth(?:token|ident) | _?password | passwd | passphrase
      | clear_?text_?password | token | secret | [a-z_]*secret_?(?:access_?)?key | api_?key | access_?key | private_?key
      | client_?secret | credentials? | [a-z_]*(?:password|token|passwd) )
    (?: ["']? \s* [=:>] \s* | "\s+value=\s* | \s+ )
    (?: "([^"\n]*)" | '([^'\n]*)' | ([^\s<>"',;]+) )"#;

static SETTINGS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SETTING).ok());

/// Whether the text of a credential file holds a credential that is written out. A file that only refers to variables
/// (`${NPM_TOKEN}`, `%TOKEN%`, `${env.TOKEN}`) or only has settings such as `registry=` does not.
#[must_use]
pub fn holds_credential(text: &str) -> bool {
    let lines = || text.lines().map(str::trim).filter(|line| !is_comment(line));
    text.contains("PRIVATE KEY-----")
        || lines().any(holds_setting)
        || lines().flat_map(|line| line.split([' ', '\t', '"', '\'', '=', '<', '>', ','])).any(looks_like_one)
        || is_composer_auth(text)
}

fn is_comment(line: &str) -> bool {
    line.starts_with('#')
        || line.starts_with(';')
        || line.starts_with("//") && !line.contains(":_")
        || line.starts_with("<!--")
}

fn holds_setting(line: &str) -> bool {
    let Some(settings) = SETTINGS.as_ref() else { return true };
    settings.captures_iter(line).any(|found| {
        let value = [2, 3, 4].iter().find_map(|group| found.get(*group)).map_or("", |value| value.as_str());
        is_written_out(value)
    })
}

fn looks_like_one(word: &str) -> bool {
    match classify_value(word) {
        ValueVerdict::CredentialShaped { .. } => !word.contains("sha512-") && !word.contains("sha256"),
        ValueVerdict::UrlWithCredentials(_) => word
            .rsplit_once('@')
            .is_some_and(|(front, _)| front.rsplit_once(':').is_none_or(|(_, password)| is_written_out(password))),
        _ => false,
    }
}

/// Whether a value is a text of its own and no reference to a variable, no switch and no number.
fn is_written_out(value: &str) -> bool {
    let reference = ["$", "%", "{{", "<", "[", "@"].iter().any(|mark| value.starts_with(mark));
    let verdict = classify_value(value);
    let means_nothing = matches!(verdict, ValueVerdict::Empty | ValueVerdict::Placeholder);
    let switch = matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "null" | "none" | "{");
    !reference && !means_nothing && !switch && !value.starts_with("http")
}

/// composer's `auth.json` has the host as the key of a token (getcomposer.org/doc/articles/authentication-for-private-packages.md).
fn is_composer_auth(text: &str) -> bool {
    let sections = ["github-oauth", "gitlab-token", "gitlab-oauth", "bitbucket-oauth", "\"bearer\""];
    let strings = || text.split('"').skip(1).step_by(2);
    let pairs = strings().zip(strings().skip(1));
    sections.iter().any(|section| text.contains(section))
        && pairs.filter(|(key, _)| key.contains('.')).any(|(_, value)| is_written_out(value) && !value.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_is_written_out_is_one() {
        let word = "horse-staple";
        for text in [
            format!("//registry.example.com/:_authToken={word}"),
            format!("_auth = \"{word}\""),
            format!("[global]\nextra-index-url = https://me:{word}@pypi.example.com/simple"),
            format!("machine git.example.com\n  login me\n  password {word}"),
            format!("machine git.example.com login me password {word}"),
            format!("<server><id>a</id><password>{word}</password></server>"),
            format!("<add key=\"ClearTextPassword\" value=\"{word}\" />"),
            format!("{{\"auths\": {{\"registry.example.com\": {{\"auth\": \"{word}\"}}}}}}"),
            format!("{{\"gitlab-token\": {{\"git.example.com\": \"{word}\"}}}}"),
            format!("nexusPassword={word}"),
            format!("npmAuthToken: \"{word}\""),
            format!("aws_secret_access_key = {word}"),
            format!("-----BEGIN {}-----\n{word}", "OPENSSH PRIVATE KEY"),
        ] {
            assert!(holds_credential(&text), "{text}");
        }
    }

    #[test]
    fn references_and_plain_settings_are_none() {
        for text in [
            "registry=https://registry.example.com/",
            "@scope:registry=https://registry.example.com/\n//registry.example.com/:_authToken=${NPM_TOKEN}\nalways-auth=true",
            "# _authToken=put-yours-here",
            "[global]\nindex-url = https://pypi.example.com/simple",
            "[global]\nindex-url = https://me:${PASSWORD}@pypi.example.com/simple",
            "<server><username>${env.USER}</username><password>${env.PASSWORD}</password></server>",
            "<add key=\"ClearTextPassword\" value=\"%TOKEN%\" />",
            "machine git.example.com login me password $TOKEN",
            "org.gradle.jvmargs=-Xmx2g\norg.gradle.parallel=true",
            "npmAuthToken: \"${NPM_TOKEN}\"\nnodeLinker: node-modules",
            "",
        ] {
            assert!(!holds_credential(text), "{text}");
        }
    }
}
