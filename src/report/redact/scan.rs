//! Where a text writes a secret, told without parsing it: the same net has to hold for every file format.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use regex::{Regex, RegexSet};

use crate::config::NamePattern;
use crate::knowledge::{
    names::classify_name,
    values::{ValueVerdict, classify_value},
};

/// Names of secrets besides those that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub exact: BTreeSet<String>,
    pub patterns: Vec<NamePattern>,
}

impl Names {
    fn include(&self, name: &str) -> bool {
        self.exact.contains(name) || self.patterns.iter().any(|pattern| pattern.matches(name))
    }
}

/// All places: assignments to secret names and to those of `names`, and [`credentials`].
pub(super) fn secrets(text: &str, names: &Names) -> Vec<Range<usize>> {
    let mut ranges = credentials(text);
    ranges.extend(assignments(text, |name| names.include(name) || classify_name(name).kind().is_some()));
    ranges
}

/// What is a credential by its form, in any surroundings.
pub(super) fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (any, each) = &*CREDENTIALS;
    // Most texts have none of the forms, which one pass tells.
    let present =
        any.as_ref().map_or_else(|| (0..each.len()).collect(), |any| any.matches(text).into_iter().collect::<Vec<_>>());
    for pattern in present.into_iter().filter_map(|index| each.get(index)) {
        let groups = pattern.captures_iter(text).filter_map(|found| found.name("secret"));
        ranges.extend(groups.filter(|group| is_written_out(group.as_str())).map(|group| group.range()));
    }
    let tokens = TOKEN.iter().flat_map(|token| token.find_iter(text));
    ranges.extend(tokens.filter(|token| is_credential(token.as_str())).map(|token| token.range()));
    ranges
}

/// Forms whose group `secret` is a secret whatever its value looks like: which of them a text has, and each.
static CREDENTIALS: LazyLock<(Option<RegexSet>, Vec<Regex>)> = LazyLock::new(|| {
    let forms = [
        r#"(?i)[a-z][a-z0-9+.-]*://[^\s/@:'"]*:(?P<secret>[^\s/@'"]+)@"#,
        r#"(?i)https?://(?P<secret>[^\s/@:'"]{8,})@"#,
        r"(?i)\b(?:bearer|basic)\s+(?P<secret>[a-z0-9._~+/=-]{8,})",
        r#"(?:\s-u|--user|--auth)[\s=]*["']?[^\s:"'$]+:(?P<secret>[^\s"'$]+)"#,
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<secret>[^-]*)",
        // A token in the place of the user, with a word for no password.
        r#"(?i)https?://(?P<secret>[^\s/@:'"]{8,}):(?:x-oauth-basic|oauth2|x)?@"#,
        // Short options and words of programs (their manuals): `mysql -pX`, `docker login -p X`, `redis-cli -a X`.
        r#"\b(?:mysql[a-z]*|mariadb[a-z-]*|sshpass)\s(?:[^\n;&|]*?\s)?-p["']?(?P<secret>[^\s"';|&]+)"#,
        r#"\b(?:login|sshpass)\s(?:[^\n;&|]*?\s)?-p[\s=]+["']?(?P<secret>[^\s"';|&]+)"#,
        r#"\bredis-cli\s(?:[^\n;&|]*?\s)?-a\s+["']?(?P<secret>[^\s"';|&]+)"#,
        r#"\bmysqladmin\s[^\n;&|]*?\bpassword\s+["']?(?P<secret>[^\s"';|&]+)"#,
        r#"(?i)\b(?:config|configure)\s+set\s+\S*(?:token|password|secret|_auth|key)\S*[\s=]+["']?(?P<secret>[^\s"';|&]+)"#,
        r#"(?i)\blogin\s+\S+\s+password\s+(?P<secret>[^\s"';|&]+)"#,
        r#"(?i)"--?[a-z-]*(?:password|passwd|pass|token|secret|api-?key)"\s*,\s*"(?P<secret>[^"]+)""#,
    ];
    (RegexSet::new(forms).ok(), forms.iter().filter_map(|form| Regex::new(form).ok()).collect())
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

/// From so many bytes on a value is long. Each value may begin inside of the one before, so many long ones take forever.
const LONG: usize = 1 << 12;

/// So many long values of a line are looked at; behind them nothing of it is shown.
const MOST_LONG: usize = 8;

fn assignments(text: &str, is_secret: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let Some(pattern) = &*ASSIGNMENT else { return Vec::new() };
    let mut ranges = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let (mut at, mut long) = (0, 0);
        while let Some(found) = pattern.captures_at(line, at) {
            let name = found.name("name");
            let value = ["double", "single", "plain"].iter().find_map(|group| found.name(group));
            let (Some(name), Some(value)) = (name, value) else { break };
            long += usize::from(value.len() > LONG);
            if long > MOST_LONG {
                ranges.push(line_start + name.end()..line_start + line.len());
                break;
            }
            // `ARG NPM_TOKEN=x`: the blank after ARG assigns nothing, so the search goes on at what follows the name.
            at = name.end();
            let by_blank = found.name("mark").is_some_and(|mark| mark.as_str().trim().is_empty());
            let has_lead = found.name("lead").is_some_and(|lead| !lead.is_empty());
            let assigns = !by_blank || has_lead;
            let before = line.get(..name.start()).unwrap_or("");
            // The `-` of `${NAME:-default}` is no part of the default.
            let default =
                Some(value.as_str()).filter(|_| before.ends_with("${")).and_then(|text| text.strip_prefix(['-', '=']));
            let shown = default.unwrap_or(value.as_str());
            let is_code = found.name("plain").is_some() && is_expression(shown);
            let writes = assigns
                && !is_code
                && !NAMES_OF_SECRETS.contains(&name.as_str())
                && !is_build_secret(name.as_str(), shown)
                && !is_expansion(before, shown)
                && !name.as_str().eq_ignore_ascii_case(shown)
                && is_written_out(shown);
            if writes && is_secret(name.as_str()) {
                ranges.push(line_start + value.end() - shown.len()..line_start + value.end());
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

/// Keys whose value is the name of a secret that a store holds (documentation of Drone and of Kubernetes).
const NAMES_OF_SECRETS: [&str; 6] =
    ["from_secret", "secretName", "secret_name", "secretRef", "secretKeyRef", "existingSecret"];

/// Whether an unquoted value is an expression of Terraform, HCL, JavaScript, Python, Ruby, PHP or Java that says where a value
/// comes from.
fn is_expression(value: &str) -> bool {
    static EXPRESSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?x)^(?:
            (?:var|local|data|module|each|self|process\.env|secrets|inputs|params)\.[A-Za-z_]
            | (?:os\.environ|ENV|process\.env|\$_ENV|\$_SERVER)\[
            | (?:os\.environ\.get|os\.getenv|ENV\.fetch|System\.getenv|os\.Getenv|getenv|env)\(
            | (?:equal|notequal|lookup|try|coalesce|file|base64encode|base64decode|jsonencode|tostring|format|join
                |sensitive|nonsensitive|trimspace|trim)\(
            )",
        )
        .ok()
    });
    EXPRESSION.iter().any(|expression| expression.is_match(value))
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
    // A bracket that opens, or the word that GitHub takes in the place of a password (docs.github.com, "Basic authentication").
    let means_nothing = value.chars().all(|char| "{}[]()\\\"':,".contains(char)) || value == "x-oauth-basic";
    !reference && !harmless && !block && !means_nothing
}

fn is_credential(value: &str) -> bool {
    matches!(classify_value(value), ValueVerdict::CredentialShaped { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut ranges = secrets(text, &Names { exact: BTreeSet::from(["SESAME".to_owned()]), ..Names::default() });
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
            "curl -H 'X-Api-Key: kn0ck-kn0ck'\n",
            "mysql -u me -pkn0ck-kn0ck app\n",
            "mysqladmin -u root password kn0ck-kn0ck\n",
            "sshpass -pkn0ck-kn0ck ssh x\n",
            "sshpass -p 'kn0ck-kn0ck' ssh x\n",
            "docker login -u me -p kn0ck-kn0ck x\n",
            "redis-cli -a kn0ck-kn0ck ping\n",
            "aws configure set aws_secret_access_key kn0ck-kn0ck\n",
            "npm config set //r.example.com/:_authToken kn0ck-kn0ck\n",
            "echo \"machine x login me password kn0ck-kn0ck\"\n",
            "CMD [\"server\", \"--db-password\", \"kn0ck-kn0ck\"]\n",
        ] {
            assert_eq!(found(text), ["kn0ck-kn0ck"], "{text}");
        }
    }

    #[test]
    fn a_token_in_the_place_of_a_user_is_found() {
        assert!(found("git clone https://kn0ck-kn0ck:x-oauth-basic@git.example.com/x\n").contains(&"kn0ck-kn0ck"));
    }

    #[test]
    fn values_inside_of_values_without_end_are_not_shown() {
        let text = "${A:-".repeat(20_000);
        assert!(found(&text).iter().any(|range| range.len() > text.len() - 1_000));
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
            "NPM_TOKEN = var.npm_token\n",
            "NPM_TOKEN: os.environ[\"NPM_TOKEN\"]\n",
            "NPM_TOKEN=ENV.fetch('NPM_TOKEN')\n",
            "NPM_TOKEN = notequal(\"\", GITHUB_PAT) ? GITHUB_PAT : \"\"\n",
            "COMPOSER_AUTH: '{\"github-oauth\":{\"github.com\":\"${GITHUB_TOKEN}\"}}'\n",
            "GH_PAT:\n  from_secret: gh_token_of_ci\n",
            "url.\"https://${GH_PAT}:x-oauth-basic@git.example.com/\".insteadOf\n",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
