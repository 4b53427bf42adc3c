//! Where credentials are written out in shell text: by their shape, and by the place they stand in.

use super::options::{ARCHIVERS, WRITTEN_OUT};
use super::texts::{Spot, spot};
use crate::config::Settings;
use crate::knowledge::files::{FileVerdict, classify_file, holds_credential};
use crate::knowledge::names::SecretKind;
use crate::knowledge::values::{ValueVerdict, classify_value};
use crate::source::{TextRange, range, slice};
use crate::syntax::shell::{Command, Part, PartKind, Quote, RedirectKind, Script, Word};

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
    /// Whether the command takes `env:NAME` in the place of the word.
    pub by_name: bool,
    /// What holds where the value protects something that others open.
    pub assumption: Option<&'static str>,
}

/// Every credential in `script`, the parse of `text`. `settings` say which names are those of secrets.
pub(super) fn literals(text: &str, script: &Script, settings: &Settings) -> Vec<Literal> {
    let mut found: Vec<Literal> = Vec::new();
    for context in script.commands() {
        let finder = Finder::new(text, context.command, settings);
        for literal in finder.literals() {
            if found.iter().all(|other| other.at.intersect(literal.at).is_none_or(TextRange::is_empty)) {
                found.push(literal);
            }
        }
    }
    found.sort_by_key(|literal| literal.at.start());
    found
}

/// A file that openssl encrypts has its password for whoever opens it.
const PROTECTED: &str = "whatever else opens what openssl protects with the password has the new one, too";

/// The same holds of an archive, and who made it may be somebody else.
const ARCHIVE: &str = "the archive is protected with the new password, or the old one is what the secret holds";

/// Looks at one command.
pub(super) struct Finder<'c> {
    /// The shell text.
    pub text: &'c str,
    /// The command in it.
    pub command: &'c Command,
    /// What was decided for the Dockerfile.
    pub settings: &'c Settings,
    /// The program that runs behind `sudo`, `env` and the like.
    pub program: String,
    /// Which of the words that is.
    index: usize,
    /// Whether the command writes a setting: `npm config set NAME VALUE`, `aws configure set NAME VALUE`.
    pub sets: bool,
}

impl<'c> Finder<'c> {
    fn new(text: &'c str, command: &'c Command, settings: &'c Settings) -> Self {
        let index = command.effective().index;
        let mut pairs = command.words.get(index + 1..).unwrap_or_default().windows(2);
        let says = |word: &Word, texts: &[&str]| texts.contains(&word.lossy().as_str());
        let sets = pairs.any(|pair| says(&pair[0], &["config", "configure"]) && says(&pair[1], &["set"]));
        let program = command.effective_name().unwrap_or_default();
        Self { text, command, settings, program, index, sets }
    }

    fn literals(&self) -> Vec<Literal> {
        let words = self.command.words.iter();
        let bodies = self.command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
        let assigned =
            self.command.assignments.iter().filter_map(|assignment| self.assigned(&assignment.name, &assignment.value));
        let values = self.command.assignments.iter().map(|assignment| &assignment.value);
        let by_shape = words.chain(bodies).chain(values).flat_map(|word| self.in_word(word));
        let found: Vec<Literal> =
            assigned.chain(self.wrapped()).chain(self.options()).chain(self.sent()).chain(by_shape).collect();
        if found.is_empty() { self.written().into_iter().collect() } else { found }
    }

    /// `NAME=value` in front of a command or alone, where the name says that it is a secret.
    fn assigned(&self, name: &str, value: &Word) -> Option<Literal> {
        let literal = value.parts.first().filter(|_| is_secret(self.settings, name) && value.parts.len() == 1)?;
        let PartKind::Text(text) = &literal.kind else { return None };
        if is_fingerprint(name, text) {
            return None;
        }
        self.literal(literal, Spot::new(0, text.len(), "the value of a secret", name.to_owned()))
    }

    /// `env NAME=value make`, `sudo NAME=value make`.
    fn wrapped(&self) -> Vec<Literal> {
        let wrappers = self.command.words.iter().take(self.index);
        let settings = wrappers.filter_map(|word| {
            let (name, part, start) = behind_equals(word)?;
            self.setting(name, part, start)
        });
        settings.collect()
    }

    /// The value behind `NAME=` in a word, where the name says that it is a secret.
    pub(super) fn setting(&self, name: &str, part: &Part, start: usize) -> Option<Literal> {
        let PartKind::Text(text) = &part.kind else { return None };
        let secret = is_secret(self.settings, name) && !is_fingerprint(name, text.get(start..)?);
        let spot = || Spot::new(start, text.len(), "the value of a secret", name.to_owned());
        secret.then(spot).and_then(|spot| self.literal(part, spot))
    }

    fn in_word(&self, word: &Word) -> Vec<Literal> {
        texts(word).filter_map(|(part, text)| self.literal(part, spot(text, |what| self.named(what))?)).collect()
    }

    /// A whole file of credentials that is written out: `echo "machine h login u password p" > ~/.netrc`.
    fn written(&self) -> Option<Literal> {
        let mut redirects = self.command.redirects.iter();
        let writes = |kind: RedirectKind| matches!(kind, RedirectKind::Write | RedirectKind::Append);
        let target = redirects.find(|redirect| writes(redirect.kind))?.target.lossy();
        let FileVerdict::BuildInput(_) = classify_file(&target) else { return None };
        let bodies = self.command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
        let words = bodies.chain(self.command.effective_arguments());
        let (part, text) = words.flat_map(texts).find(|(_, text)| holds_credential(text))?;
        let (value, name) = (text.to_owned(), self.named("credentials"));
        let (at, what) = (part.range, format!("a credential for `{}`", target.rsplit('/').next().unwrap_or("")));
        let (part, quote, command) = (at, Quote::Ansi, self.command.range);
        Some(Literal { value, at, part, quote, what, name, command, by_name: false, assumption: None })
    }

    /// `GIT_TOKEN`: the program and what it is.
    pub(super) fn named(&self, what: &str) -> String {
        let program = match self.program.as_str() {
            "docker" | "podman" | "helm" | "skopeo" | "oras" => "registry".to_owned(),
            "" | "echo" | "printf" | "curl" | "wget" | "sh" | "bash" | "cat" | "sed" | "export" | "env" => {
                "build".to_owned()
            }
            program => program.chars().filter(char::is_ascii_alphanumeric).collect(),
        };
        format!("{program}_{what}").to_ascii_uppercase().replace('-', "_")
    }

    /// The credential at `spot` of `part`, if it is one.
    pub(super) fn literal(&self, part: &Part, spot: Spot) -> Option<Literal> {
        let PartKind::Text(text) = &part.kind else { return None };
        let Spot { start, end, what, name } = spot;
        let value = text.get(start..end).filter(|value| is_credential(value))?.to_owned();
        // Where quotes or escapes were removed, a place in the value is none in the text.
        let verbatim = slice(self.text, part.range) == text;
        let from = usize::from(part.range.start());
        let at = if verbatim { range(from + start, from + end) } else { part.range };
        let quote = if verbatim { part.quote } else { Quote::Ansi };
        let is_passphrase = self.program == "openssl" && text.get(..start) == Some(WRITTEN_OUT);
        let of_archive = ARCHIVERS.contains(&self.program.as_str());
        let assumption = is_passphrase.then_some(PROTECTED).or(of_archive.then_some(ARCHIVE));
        // Wrappers such as sudo keep the environment to themselves.
        let by_name = is_passphrase && self.index == 0;
        let (part, command) = (part.range, self.command.range);
        Some(Literal { value, at, part, quote, what, name, command, by_name, assumption })
    }
}

/// The pieces of a word that are fixed text, each with that text.
pub(super) fn texts(word: &Word) -> impl Iterator<Item = (&Part, &str)> {
    word.parts.iter().filter_map(|part| match &part.kind {
        PartKind::Text(text) => Some((part, text.as_str())),
        _ => None,
    })
}

/// What stands in front of a word's first `=`, the piece that the value behind it is, and where it begins in that piece;
/// `None` where the value has several pieces.
pub(super) fn behind_equals(word: &Word) -> Option<(&str, &Part, usize)> {
    let PartKind::Text(text) = &word.parts.first()?.kind else { return None };
    let (option, value) = text.split_once('=')?;
    match word.parts.as_slice() {
        [part] => Some((option, part, option.len() + 1)),
        [_, part] if value.is_empty() => Some((option, part, 0)),
        _ => None,
    }
}

/// Whether a name says that its value is a secret of its own, and not an address that may hold one.
pub(super) fn is_secret(settings: &Settings, name: &str) -> bool {
    let kind = settings.classify_name(name).kind();
    matches!(kind, Some(SecretKind::Fetch | SecretKind::Application | SecretKind::SshKey))
}

/// Whether it is the fingerprint or id of a public key: hexadecimal, in a variable that is called just `key`.
fn is_fingerprint(name: &str, value: &str) -> bool {
    let digits = value.trim_start_matches("0x");
    name.eq_ignore_ascii_case("key") && digits.chars().all(|char| char.is_ascii_hexdigit())
}

/// Passwords that images are known to come with, which open nothing else.
const KNOWN: [&str; 9] =
    ["postgres", "mysql", "mariadb", "guest", "redis", "docker", "vagrant", "ubuntu", "minioadmin"];

/// Whether a text in a place for credentials is one: no placeholder, no reference, no path, no option, and not a password
/// that everybody knows.
pub(super) fn is_credential(value: &str) -> bool {
    let plain = value.len() >= 4 && !value.contains(['$', '`', '{', '<', '%']);
    // `env:NAME`, `file:PATH` and `stdin` say where it comes from (openssl-passphrase-options(1)).
    let elsewhere = value == "stdin" || ["env:", "file:", "fd:"].iter().any(|source| value.starts_with(source));
    let plain = plain && !elsewhere && !value.starts_with(['@', '/', '.', '-']);
    let verdict = classify_value(value);
    plain && !KNOWN.contains(&value) && matches!(verdict, ValueVerdict::Literal | ValueVerdict::CredentialShaped { .. })
}
