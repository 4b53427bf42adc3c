use std::sync::LazyLock;

use camino::Utf8Path;
use regex::Regex;

use crate::knowledge::names::{SecretKind, classify_name};
use crate::knowledge::values::{ValueVerdict, classify_value};

/// The settings of configuration files whose value is a credential, in the writings of INI, JSON, YAML, XML and netrc:
/// npm's `_authToken`, pip's URLs, maven's `<password>`, NuGet's `ClearTextPassword`, docker's `auth` (documentation of the
/// tools).
const SETTING: &str = r#"(?ix)
    (?: ^ | [\s"'<:/._-] )
    ( _?auth | _?auth_?token | identity_?token | registry_?token | npmauth(?:token|ident) | _?password | passwd | passphrase
      | clear_?text_?password | token | secret | [a-z_]*secret_?(?:access_?)?key | api_?key | access_?key | private_?key
      | client_?secret | client-key-data | credentials? | [a-z_]*(?:password|token|passwd) )
    (?: ["']? \s* [=:>] \s* | "\s+value=\s* | \s+ )
    (?: "([^"\n]*)" | '([^'\n]*)' | ([^\s<>"',;]+) )"#;

static SETTINGS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SETTING).ok());

/// Whether the text of a credential file holds a credential that is written out. A file that only refers to variables
/// (`${NPM_TOKEN}`, `%TOKEN%`, `${env.TOKEN}`) or only has settings such as `registry=` does not.
#[must_use]
pub fn holds_credential(text: &str) -> bool {
    let lines = || text.lines().map(str::trim).filter(|line| !is_comment(line));
    (holds_private_key(text) && !super::is_published_key(text))
        || lines().any(|line| holds_setting(line) || is_secret_variable(line) || is_pgpass(line))
        || lines().flat_map(|line| line.split([' ', '\t', '"', '\'', '=', '<', '>', ','])).any(looks_like_one)
        || is_composer_auth(text)
        || has_api_keys(text)
}

/// [`holds_credential`] for the file at `path`. One that is called like a key may be nothing but digits: Rails writes 32 of base 16
/// into `config/master.key` (guides.rubyonrails.org/security.html#custom-credentials).
#[must_use]
pub fn is_credential(path: &Utf8Path, text: &str) -> bool {
    let bare = text.trim();
    let is_key = path.extension() == Some("key");
    holds_credential(text) || (is_key && bare.len() >= 32 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A key in PEM, or in the format of PuTTY (the-greenend.org.uk, PuTTY's manual, appendix C).
fn holds_private_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || text.contains("PuTTY-User-Key-File")
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
        // `credentials "host" {` begins a block.
        let end = found.get(0).map_or(line.len(), |all| all.end());
        let begins_block = line.get(end..).is_some_and(|rest| rest.trim_start().starts_with('{'));
        is_written_out(value) && !begins_block
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

/// A variable with a secret's name, as a file has it that a shell or Compose reads: `export DB_PASS=…`.
fn is_secret_variable(line: &str) -> bool {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let Some((name, value)) = line.split_once(['=', ':']) else { return false };
    let name = name.trim_end();
    let letter = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_';
    let kind = || classify_name(name).kind();
    let secret = || matches!(kind(), Some(SecretKind::Fetch | SecretKind::Application | SecretKind::SshKey));
    let value = value.split(" #").next().unwrap_or("").trim().trim_matches(['"', '\'']);
    !name.is_empty() && name.chars().all(letter) && is_written_out(value) && is_no_setting(value) && secret()
}

/// Whether a value is neither a number, a path nor a plain address.
fn is_no_setting(value: &str) -> bool {
    !matches!(classify_value(value), ValueVerdict::Public)
}

/// A line of PostgreSQL's password file: `host:port:database:user:password`
/// (postgresql.org/docs/current/libpq-pgpass.html).
fn is_pgpass(line: &str) -> bool {
    let fields: Vec<&str> = line.split(':').collect();
    let [host, port, _, user, password] = fields.as_slice() else { return false };
    let plain = |field: &str| !field.is_empty() && !field.contains([' ', '/', '"', '=', '{', '<']);
    let is_port = *port == "*" || (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    is_port && plain(host) && plain(user) && plain(password) && is_written_out(password)
}

/// NuGet keeps keys of servers in a section of their own (learn.microsoft.com/nuget/reference/nuget-config-file#apikeys).
fn has_api_keys(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let section = lower.split("<apikeys>").nth(1).and_then(|rest| rest.split("</apikeys>").next());
    section.is_some_and(|section| section.contains("value=\"") && !section.contains("value=\"%"))
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
            format!("NODE_ENV=production\nexport MAIL_PASS='{word}' # for now"),
            format!("GITHUB_PAT={word}"),
            format!("*:5432:app:build:{word}"),
            format!("<apikeys><add key=\"https://nuget.example.com\" value=\"{word}\" /></apikeys>"),
            format!("users:\n- user:\n    client-key-data: {word}"),
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
            "PORT=3000\nNODE_ENV=production\nDATABASE_URL=postgres://db.example.com/app\nDB_PASS=\nAPP_KEY=${KEY}",
            "GPG_KEY=0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D\nPATH=/usr/local/bin:/usr/bin",
            "<settings><mirrors><mirror><id>m</id><url>https://maven.example.com</url></mirror></mirrors></settings>",
            "[user]\n\tname = Build\n\temail = build@example.com",
            "{\"auths\": {}, \"credsStore\": \"desktop\"}",
            "version=1.2.3\norg.gradle.caching=true\nkotlin.code.style=official",
            "",
        ] {
            assert!(!holds_credential(text), "{text}");
        }
    }
}
