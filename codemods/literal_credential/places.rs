//! Where credentials are written out in shell text: by their shape, and by the place they stand in.

use std::sync::LazyLock;

use regex::Regex;

use crate::knowledge::names::{SecretKind, classify_name};
use crate::knowledge::values::{ValueVerdict, classify_value, url_userinfo};
use crate::source::{TextRange, range, slice};
use crate::syntax::shell::{Command, Part, PartKind, Quote, Script, Word};

/// A credential that is written out. Has no `Debug`: nothing may print its value.
pub(super) struct Literal {
    /// The text itself.
    pub value: String,
    /// Where it stands, in bytes of the shell text.
    pub at: TextRange,
    /// The piece of the word that it stands in, without quotes.
    pub part: TextRange,
    /// How that piece is quoted.
    pub quote: Quote,
    /// What it is, with its article: `a GitHub token`.
    pub what: String,
    /// The variable that a mount should have for it.
    pub name: String,
    /// The command, in bytes of the shell text.
    pub command: TextRange,
}

/// Every credential in `script`, the parse of `text`.
pub(super) fn literals(text: &str, script: &Script) -> Vec<Literal> {
    let mut found: Vec<Literal> = Vec::new();
    for context in script.commands() {
        let finder = Finder { text, command: context.command };
        for literal in finder.literals() {
            if found.iter().all(|other| other.at.intersect(literal.at).is_none_or(TextRange::is_empty)) {
                found.push(literal);
            }
        }
    }
    found.sort_by_key(|literal| literal.at.start());
    found
}

/// A header that carries a credential, up to its value.
static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(authorization|proxy-authorization|(?:[a-z]+-)*(?:token|api-?key|apikey|secret|auth)(?:-[a-z]+)*|x-jfrog-art-api)\s*:\s+(?:(?:bearer|token|basic|apikey)\s+)?(\S+)\s*$").ok()
});

/// Long options whose value is a credential.
const OPTIONS: [&str; 13] = [
    "password",
    "passwd",
    "pass",
    "token",
    "auth-token",
    "access-token",
    "api-token",
    "api-key",
    "apikey",
    "client-secret",
    "secret-key",
    "http-password",
    "registry-token",
];

/// Programs with a short option for a password, and the option.
const SHORT: [(&str, &str); 12] = [
    ("docker", "-p"),
    ("podman", "-p"),
    ("helm", "-p"),
    ("skopeo", "-p"),
    ("oras", "-p"),
    ("sshpass", "-p"),
    ("mysql", "-p"),
    ("mysqladmin", "-p"),
    ("mysqldump", "-p"),
    ("mariadb", "-p"),
    ("redis-cli", "-a"),
    ("curl", "-u"),
];

/// Passwords that images are known to come with, which open nothing else.
const KNOWN: [&str; 9] =
    ["postgres", "mysql", "mariadb", "guest", "redis", "docker", "vagrant", "ubuntu", "minioadmin"];

struct Finder<'c> {
    text: &'c str,
    command: &'c Command,
}

impl Finder<'_> {
    fn literals(&self) -> Vec<Literal> {
        let words = self.command.words.iter();
        let bodies = self.command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
        let assigned =
            self.command.assignments.iter().filter_map(|assignment| self.assigned(&assignment.name, &assignment.value));
        let values = self.command.assignments.iter().map(|assignment| &assignment.value);
        let by_shape = words.chain(bodies).chain(values).flat_map(|word| self.in_word(word));
        assigned.chain(self.options()).chain(by_shape).collect()
    }

    fn program(&self) -> String {
        self.command.effective_name().unwrap_or_default()
    }

    /// `NAME=value` in front of a command or alone, where the name says that it is a secret.
    fn assigned(&self, name: &str, value: &Word) -> Option<Literal> {
        let kind = classify_name(name).kind()?;
        let telling = matches!(kind, SecretKind::Fetch | SecretKind::Application | SecretKind::SshKey);
        let literal = value.parts.first().filter(|_| telling && value.parts.len() == 1)?;
        let PartKind::Text(text) = &literal.kind else { return None };
        if is_fingerprint(name, text) {
            return None;
        }
        self.literal(literal.range, literal.quote, text, 0, text.len(), "the value of a secret", name.to_owned())
    }

    /// `--password X`, `--password=X`, `-p X`, `-pX`, `export NAME=X`.
    fn options(&self) -> Vec<Literal> {
        let arguments = self.command.effective_arguments();
        let mut found = Vec::new();
        for (at, word) in arguments.iter().enumerate() {
            let text = word.lossy();
            let glued = self.glued_option(word, &text);
            let next = self.separate_option(&text, arguments.get(at + 1));
            found.extend(glued.into_iter().chain(next));
        }
        found
    }

    fn glued_option(&self, word: &Word, text: &str) -> Option<Literal> {
        let program = self.program();
        if let Some((option, part, start)) = behind_equals(word) {
            let PartKind::Text(value) = &part.kind else { return None };
            let literal =
                |what: &str, name| self.literal(part.range, part.quote, value, start, value.len(), what, name);
            if matches!(program.as_str(), "export" | "declare" | "readonly" | "local") {
                let kind = classify_name(option).kind()?;
                let telling = matches!(kind, SecretKind::Fetch | SecretKind::Application | SecretKind::SshKey);
                return telling.then(|| literal("the value of a secret", option.to_owned())).flatten();
            }
            let name = option.strip_prefix("--").filter(|name| OPTIONS.contains(name))?;
            return literal("the value of an option for credentials", self.named(name));
        }
        let [part] = word.parts.as_slice() else { return None };
        let short = SHORT.iter().find(|(known, _)| *known == program && program.starts_with('m'))?.1;
        text.strip_prefix(short).filter(|value| !value.is_empty())?;
        self.literal(part.range, part.quote, text, short.len(), text.len(), "a password", self.named("password"))
    }

    fn separate_option(&self, option: &str, value: Option<&Word>) -> Option<Literal> {
        let [part] = value?.parts.as_slice() else { return None };
        let PartKind::Text(text) = &part.kind else { return None };
        let program = self.program();
        let long = option.strip_prefix("--").filter(|name| OPTIONS.contains(name));
        let short = SHORT.iter().any(|(known, flag)| *known == program && *flag == option && !known.starts_with('m'));
        let login = !matches!(program.as_str(), "docker" | "podman" | "helm" | "skopeo" | "oras")
            || self.command.words.iter().any(|word| word.lossy() == "login");
        let basic = program == "curl" && matches!(option, "-u" | "--user");
        if basic {
            let colon = text.find(':')?;
            return self.literal(
                part.range,
                part.quote,
                text,
                colon + 1,
                text.len(),
                "a password",
                self.named("password"),
            );
        }
        let name = long.or((short && login).then_some("password"))?;
        self.literal(
            part.range,
            part.quote,
            text,
            0,
            text.len(),
            "the value of an option for credentials",
            self.named(name),
        )
    }

    fn in_word(&self, word: &Word) -> Vec<Literal> {
        let texts = word.parts.iter().filter_map(|part| match &part.kind {
            PartKind::Text(text) => Some((part, text)),
            _ => None,
        });
        let found = texts.filter_map(|(part, text)| {
            let (start, end, what, name) =
                self.in_url(text).or_else(|| self.in_header(text)).or_else(|| self.by_shape(text))?;
            self.literal(part.range, part.quote, text, start, end, &what, name)
        });
        found.collect()
    }

    fn in_url(&self, text: &str) -> Option<(usize, usize, String, String)> {
        let userinfo = url_userinfo(text).filter(|userinfo| userinfo.is_credential(text))?;
        let part = userinfo.password.as_ref().unwrap_or(&userinfo.user);
        let name = self.named(if userinfo.password.is_some() { "password" } else { "token" });
        // A service that is set up for the build alone opens nothing elsewhere.
        let local = matches!(slice(text, userinfo.host).split(':').next(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let as_user = userinfo.password.is_some() && slice(text, userinfo.user.range) == slice(text, part.range);
        let plain = part.variables.is_empty() && !local && !as_user;
        plain.then(|| (part.range.start().into(), part.range.end().into(), "the password of a URL".to_owned(), name))
    }

    fn in_header(&self, text: &str) -> Option<(usize, usize, String, String)> {
        let found = HEADER.as_ref()?.captures(text)?;
        // `Authorization: Bearer ` goes on in another piece of the word.
        let scheme = |text: &str| ["bearer", "token", "basic", "apikey"].contains(&text.to_ascii_lowercase().as_str());
        let value = found.get(2).filter(|value| !scheme(value.as_str()))?;
        let header = found.get(1)?.as_str().to_ascii_lowercase();
        let name = match header.as_str() {
            "authorization" | "proxy-authorization" => self.named("token"),
            other => other.trim_start_matches("x-").to_ascii_uppercase().replace('-', "_"),
        };
        Some((value.start(), value.end(), format!("the value of the header `{header}`"), name))
    }

    /// A token whose form says what it is. Random-looking text alone says too little: names of objects look like it.
    fn by_shape(&self, text: &str) -> Option<(usize, usize, String, String)> {
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
                let name = if plain { name } else { self.named("token") };
                return Some((begin, end, what, name));
            }
            start = end.max(start + 1);
        }
        None
    }

    /// `GIT_TOKEN`: the program and what it is.
    fn named(&self, what: &str) -> String {
        let program = match self.program().as_str() {
            "docker" | "podman" | "helm" | "skopeo" | "oras" => "registry".to_owned(),
            "" | "echo" | "printf" | "curl" | "wget" | "sh" | "bash" | "cat" | "sed" | "export" | "env" => {
                "build".to_owned()
            }
            program => program.chars().filter(char::is_ascii_alphanumeric).collect(),
        };
        format!("{program}_{what}").to_ascii_uppercase().replace('-', "_")
    }

    #[expect(clippy::too_many_arguments, reason = "a literal has this many facts, and no two of them go together")]
    fn literal(
        &self,
        part: TextRange,
        quote: Quote,
        text: &str,
        start: usize,
        end: usize,
        what: &str,
        name: String,
    ) -> Option<Literal> {
        let value = text.get(start..end).filter(|value| is_credential(value))?.to_owned();
        // Where quotes or escapes were removed, a place in the value is none in the text.
        let verbatim = slice(self.text, part) == text;
        let from = usize::from(part.start());
        let at = if verbatim { range(from + start, from + end) } else { part };
        let quote = if verbatim { quote } else { Quote::Ansi };
        Some(Literal { value, at, part, quote, what: what.to_owned(), name, command: self.command.range })
    }
}

/// What stands in front of a word's first `=`, the piece that the value behind it is, and where it begins in that piece;
/// `None` where the value has several pieces.
fn behind_equals(word: &Word) -> Option<(&str, &Part, usize)> {
    let PartKind::Text(text) = &word.parts.first()?.kind else { return None };
    let (option, value) = text.split_once('=')?;
    match word.parts.as_slice() {
        [part] => Some((option, part, option.len() + 1)),
        [_, part] if value.is_empty() => Some((option, part, 0)),
        _ => None,
    }
}

/// Whether it is the fingerprint or id of a public key: hexadecimal, in a variable that is called just `key`.
fn is_fingerprint(name: &str, value: &str) -> bool {
    let digits = value.trim_start_matches("0x");
    name.eq_ignore_ascii_case("key") && digits.chars().all(|char| char.is_ascii_hexdigit())
}

/// Whether a text in a place for credentials is one: no placeholder, no reference, no path, and not a password that
/// everybody knows.
fn is_credential(value: &str) -> bool {
    let plain = value.len() >= 4 && !value.contains(['$', '`', '{', '<', '%']) && !value.starts_with(['@', '/', '.']);
    let verdict = classify_value(value);
    plain && !KNOWN.contains(&value) && matches!(verdict, ValueVerdict::Literal | ValueVerdict::CredentialShaped { .. })
}
