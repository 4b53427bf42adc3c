//! Credentials that a command gets as an option: `--password X`, `--password=X`, `-p X`, `-pX`, `-Dtoken=X`.

use super::places::{Finder, Literal, behind_equals, is_secret, texts};
use super::texts::{Spot, in_fields};
use crate::config::Settings;
use crate::syntax::shell::{Part, PartKind, Word};

/// Last words of long options whose value is a credential (manuals of wget, docker, helm, twine, subscription-manager, …).
const ENDINGS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "token",
    "secret",
    "api-key",
    "apikey",
    "secret-key",
    "client-secret",
    "auth-key",
];

/// Programs with a short option for a password, the option, and whether the value may stand in the same word.
const SHORT: [(&str, &str, bool); 18] = [
    ("docker", "-p", false),
    ("podman", "-p", false),
    ("helm", "-p", false),
    ("skopeo", "-p", false),
    ("oras", "-p", false),
    ("sshpass", "-p", true),
    ("mysql", "-p", true),
    ("mysqladmin", "-p", true),
    ("mysqldump", "-p", true),
    ("mariadb", "-p", true),
    ("redis-cli", "-a", false),
    ("curl", "-u", true),
    ("unrar", "-p", true),
    ("rar", "-p", true),
    ("7z", "-p", true),
    ("7za", "-p", true),
    ("unzip", "-P", true),
    ("zip", "-P", true),
];

/// Programs that unpack archives with a password (manuals of rar, 7-Zip and Info-ZIP).
pub(super) const ARCHIVERS: [&str; 6] = ["unrar", "rar", "7z", "7za", "unzip", "zip"];

/// Whether the program asks where nothing stands in the same word as the option.
fn is_glued_only(program: &str) -> bool {
    ARCHIVERS.contains(&program) && !program.ends_with("zip")
}

/// Programs whose `-p` means something else outside of `login`.
const REGISTRIES: [&str; 5] = ["docker", "podman", "helm", "skopeo", "oras"];

/// Options of curl and wget whose value is the body of a request (curl(1), wget(1)).
const BODIES: [&str; 10] = [
    "-d",
    "--data",
    "--data-raw",
    "--data-ascii",
    "--data-binary",
    "--data-urlencode",
    "-F",
    "--form",
    "--post-data",
    "--body-data",
];

/// Options of openssl whose value says where a password comes from (openssl-passphrase-options(1)).
const PASSPHRASES: [&str; 6] = ["-pass", "-passin", "-passout", "-password", "--passin", "--passout"];

/// What stands in front of a password that is written out there.
pub(super) const WRITTEN_OUT: &str = "pass:";

const OPTION: &str = "the value of an option for credentials";

impl Finder<'_> {
    pub(super) fn options(&self) -> Vec<Literal> {
        let arguments = self.command.effective_arguments();
        let mut found = Vec::new();
        for (at, word) in arguments.iter().enumerate() {
            let text = word.lossy();
            let glued = self.behind_equals(word).or_else(|| self.glued(word, &text));
            let next = self.separate(&text, arguments.get(at + 1));
            found.extend(glued.into_iter().chain(next));
        }
        found
    }

    /// `--password=X`, `export NAME=X`, `-Dtoken=X`.
    fn behind_equals(&self, word: &Word) -> Option<Literal> {
        let (option, part, start) = behind_equals(word)?;
        if matches!(self.program.as_str(), "export" | "declare" | "readonly" | "local") {
            return self.setting(option, part, start);
        }
        if let Some(property) = option.strip_prefix("-D") {
            let name = property.rsplit('.').next().unwrap_or(property);
            return is_secret(self.settings, name).then(|| self.whole(part, start, name)).flatten();
        }
        let name = long(self.settings, option)?;
        self.whole(part, start, name)
    }

    /// `-pX` where the manual allows it.
    fn glued(&self, word: &Word, text: &str) -> Option<Literal> {
        let program = self.program.as_str();
        let part = word.parts.first().filter(|_| word.parts.len() <= 2)?;
        let (_, flag, _) = SHORT.iter().find(|(known, _, glued)| *known == program && *glued)?;
        let value = text.strip_prefix(flag).filter(|value| !value.is_empty())?;
        let last = word.parts.last()?;
        // `-p'…'`: the option is a piece of its own.
        let part = if word.parts.len() == 2 && last.range != part.range { last } else { part };
        let start = if word.parts.len() == 2 { 0 } else { flag.len() };
        self.short(program, part, start, value)
    }

    /// `--password X`, `-p X`, `mysqladmin password X`, `configure set NAME X`.
    fn separate(&self, option: &str, value: Option<&Word>) -> Option<Literal> {
        let [part] = value?.parts.as_slice() else { return None };
        let PartKind::Text(text) = &part.kind else { return None };
        let program = self.program.as_str();
        if program == "curl" && matches!(option, "-u" | "--user") {
            return self.short(program, part, 0, text);
        }
        if program == "openssl" && PASSPHRASES.contains(&option) {
            return text.starts_with(WRITTEN_OUT).then(|| self.whole(part, WRITTEN_OUT.len(), "password")).flatten();
        }
        if let Some(name) = long(self.settings, option) {
            return self.whole(part, 0, name);
        }
        let takes = |(known, flag, _): &&(&str, &str, bool)| *known == program && *flag == option;
        let client = program.starts_with("my") || program == "mariadb" || is_glued_only(program);
        if SHORT.iter().find(takes).is_some_and(|_| !client && self.logs_in(program)) {
            return self.short(program, part, 0, text);
        }
        let changes = program == "mysqladmin" && option == "password";
        let name = option.rsplit([':', '/', '.']).next().unwrap_or(option).trim_start_matches('_');
        let sets = self.sets && !option.starts_with('-') && is_secret(self.settings, name);
        (changes || sets).then(|| self.whole(part, 0, name)).flatten()
    }

    /// Whether a `-p` of the program is a password here.
    fn logs_in(&self, program: &str) -> bool {
        !REGISTRIES.contains(&program) || self.command.words.iter().any(|word| word.lossy() == "login")
    }

    /// The value of a short option; of curl's what stands behind the user.
    fn short(&self, program: &str, part: &Part, start: usize, value: &str) -> Option<Literal> {
        let user = match program {
            "curl" => value.find(':')? + 1,
            _ => 0,
        };
        let name = self.named("password");
        self.literal(part, Spot::new(start + user, start + value.len(), "a password", name))
    }

    fn whole(&self, part: &Part, start: usize, name: &str) -> Option<Literal> {
        let PartKind::Text(text) = &part.kind else { return None };
        self.literal(part, Spot::new(start, text.len(), OPTION, self.named(name)))
    }

    /// Fields of a request's body: `-d '{"password": "X"}'`, `--post-data=token=X`.
    pub(super) fn sent(&self) -> Vec<Literal> {
        if !matches!(self.program.as_str(), "curl" | "wget") {
            return Vec::new();
        }
        let arguments = self.command.effective_arguments();
        let behind =
            arguments.windows(2).filter(|pair| BODIES.contains(&pair[0].lossy().as_str())).map(|pair| &pair[1]);
        let glued = arguments.iter().filter(|word| {
            word.lossy().split_once('=').is_some_and(|(option, _)| option.starts_with("--") && BODIES.contains(&option))
        });
        let texts = behind.chain(glued).flat_map(texts);
        texts.filter_map(|(part, text)| self.literal(part, in_fields(text, |what| self.named(what))?)).collect()
    }
}

/// What a long option is called, if its value is a credential; `--disabled-password` has none.
fn long<'o>(settings: &Settings, option: &'o str) -> Option<&'o str> {
    let name = option.strip_prefix("--").or_else(|| option.strip_prefix('-').filter(|name| name.len() > 4))?;
    let last = |ending: &str| name.strip_suffix(ending).is_some_and(|front| front.is_empty() || front.ends_with('-'));
    let credential = ENDINGS.iter().any(|ending| last(ending)) && is_secret(settings, &name.replace('-', "_"));
    (credential || name == "pass").then_some(name)
}
