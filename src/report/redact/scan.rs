//! Where a text writes a secret, told without parsing it: the same net has to hold for every file format.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use regex::Regex;

use crate::knowledge::{
    names::classify_name,
    values::{ValueVerdict, classify_value},
};

/// All places: assignments to secret names and to those of `names`, and [`credentials`].
pub(super) fn secrets(text: &str, names: &BTreeSet<String>) -> Vec<Range<usize>> {
    let mut ranges = credentials(text);
    ranges.extend(assignments(text, |name| names.contains(name) || classify_name(name).kind().is_some()));
    ranges
}

/// What is a credential by its form, in any surroundings.
pub(super) fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for pattern in &*CREDENTIALS {
        let groups = pattern.captures_iter(text).filter_map(|found| found.name("secret"));
        ranges.extend(groups.filter(|group| is_written_out(group.as_str())).map(|group| group.range()));
    }
    let tokens = TOKEN.iter().flat_map(|token| token.find_iter(text));
    ranges.extend(tokens.filter(|token| is_credential(token.as_str())).map(|token| token.range()));
    ranges
}

/// Forms whose group `secret` is a secret whatever its value looks like.
static CREDENTIALS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r#"(?i)[a-z][a-z0-9+.-]*://[^\s/@:'"]*:(?P<secret>[^\s/@'"]+)@"#,
        r#"(?i)https?://(?P<secret>[^\s/@:'"]{8,})@"#,
        r"(?i)\b(?:bearer|basic)\s+(?P<secret>[a-z0-9._~+/=-]{8,})",
        r#"(?:\s-u|--user|--auth)[\s=]*["']?[^\s:"'$]+:(?P<secret>[^\s"'$]+)"#,
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<secret>[^-]*)",
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// Text that may be a credential of a known form. `=` only ends one, as the padding of base64: `NAME=value` is two texts.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9_][A-Za-z0-9_+/.-]{15,}={0,2}").ok());

/// A name and what may assign a value to it: `=`, `:`, or for options and `ENV NAME value` a blank.
static ASSIGNMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?P<lead>(?: ^[\t\ ]*(?i:ENV)[\t\ ]+ | --? )?)
        (?P<name>[A-Za-z_][A-Za-z0-9_.-]*) ["']?
        (?P<mark>[\t\ ]* (?: := | \?= | => | [=:] ) [\t\ ]* | [\t\ ]+)
        (?: "(?P<double>[^"\n]*)" | '(?P<single>[^'\n]*)' | (?P<plain>[^\s"',;)}\]]+) )"#,
    )
    .ok()
});

fn assignments(text: &str, is_secret: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let Some(pattern) = &*ASSIGNMENT else { return Vec::new() };
    let mut ranges = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let mut at = 0;
        while let Some(found) = pattern.captures_at(line, at) {
            let name = found.name("name");
            let value = ["double", "single", "plain"].iter().find_map(|group| found.name(group));
            let (Some(name), Some(value)) = (name, value) else { break };
            // `ARG NPM_TOKEN=x`: the blank after ARG assigns nothing, so the search goes on at what follows the name.
            at = name.end();
            let by_blank = found.name("mark").is_some_and(|mark| mark.as_str().trim().is_empty());
            let has_lead = found.name("lead").is_some_and(|lead| !lead.is_empty());
            let assigns = !by_blank || has_lead;
            let before = line.get(..name.start()).unwrap_or("");
            let writes = assigns
                && !is_build_secret(name.as_str(), value.as_str())
                && !is_expansion(before, value.as_str())
                && !name.as_str().eq_ignore_ascii_case(value.as_str())
                && is_written_out(value.as_str());
            if writes && is_secret(name.as_str()) {
                ranges.push(line_start + value.start()..line_start + value.end());
                at = value.end();
            }
        }
        line_start += line.len();
    }
    ranges
}

/// Whether it is `--secret id=npm,env=NPM_TOKEN` of `docker build`, which says where a value is and never what it is
/// (Docker's `buildx build` reference).
fn is_build_secret(name: &str, value: &str) -> bool {
    let (key, _) = value.split_once('=').unwrap_or_default();
    name == "secret" && ["id", "type", "src", "source", "env"].contains(&key)
}

/// Whether it is the message of `${NAME:?message}` or a `${NAME:+word}` (POSIX, parameter expansion), which are no values of
/// NAME. The default in `${NAME:-default}` is one.
fn is_expansion(before: &str, value: &str) -> bool {
    before.ends_with("${") && value.starts_with(['?', '+'])
}

/// Whether a value is a text of its own and not a reference, a placeholder or a flag.
fn is_written_out(value: &str) -> bool {
    let reference = value.starts_with(['$', '%', '<']) || value.starts_with("{{") || value.contains("${");
    // `secrets: |` says that lines follow, and `>-` as well (YAML 1.2, 8.1.1).
    let block =
        value.starts_with(['|', '>']) && value.bytes().skip(1).all(|byte| matches!(byte, b'-' | b'+' | b'0'..=b'9'));
    let harmless = match classify_value(value) {
        ValueVerdict::Empty | ValueVerdict::Placeholder => true,
        // A password of digits counts as public by its form alone.
        ValueVerdict::Public => !value.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    !reference && !harmless && !block
}

fn is_credential(value: &str) -> bool {
    matches!(classify_value(value), ValueVerdict::CredentialShaped { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut ranges = secrets(text, &BTreeSet::from(["SESAME".to_owned()]));
        ranges.sort_by_key(|range| range.start);
        ranges.dedup();
        ranges.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn values_of_secret_names_are_found_in_every_format() {
        for text in [
            "ARG NPM_TOKEN=kn0ck-kn0ck\n",
            "ARG SESAME=kn0ck-kn0ck\n",
            "ARG A_RATHER_LONG_NPM_TOKEN=kn0ck-kn0ck\n",
            "FROM x\nENV NPM_TOKEN kn0ck-kn0ck\n",
            "ENV A=b NPM_TOKEN=\"kn0ck-kn0ck\" C=d\n",
            "docker build --build-arg NPM_TOKEN=kn0ck-kn0ck .\n",
            "  NPM_TOKEN: 'kn0ck-kn0ck'\n",
            "{\"NPM_TOKEN\": \"kn0ck-kn0ck\"}\n",
            "NPM_TOKEN := kn0ck-kn0ck\n",
            "login --password kn0ck-kn0ck\n",
            "//r.example.com/:_authToken=kn0ck-kn0ck\n",
            "git clone https://me:kn0ck-kn0ck@git.example.com/x\n",
            "curl -u me:kn0ck-kn0ck https://x.example.com\n",
            "curl -H 'Authorization: Bearer kn0ck-kn0ck'\n",
        ] {
            assert_eq!(found(text), ["kn0ck-kn0ck"], "{text}");
        }
    }

    #[test]
    fn references_and_placeholders_are_shown() {
        for text in [
            "ARG NPM_TOKEN\nRUN npm ci\n",
            "--build-arg NPM_TOKEN=$NPM_TOKEN --build-arg NPM_TOKEN\n",
            "  NPM_TOKEN: ${{ secrets.NPM_TOKEN }}\n",
            "RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci\n",
            "ARG NPM_TOKEN=changeme\n",
            "docker build --secret id=npm_token,env=NPM_TOKEN --secret type=file,id=a,src=./a .\n",
            "secrets: |\n  npm_token=${{ secrets.NPM_TOKEN }}\n",
            "secrets: >-\n",
            "git clone https://$TOKEN@git.example.com/x\n",
            "NPM_TOKEN: ${NPM_TOKEN:?set it}\n",
            "ARG NPM_TOKEN=NPM_TOKEN\n",
            ": \"${NPM_TOKEN:?is not set}\" ${NPM_TOKEN:+--secret}\n",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
