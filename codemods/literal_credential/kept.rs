//! Passwords in the text of a RUN that the image has to keep, or a hash of them, whatever a build gets them from.

use std::sync::LazyLock;

use regex::Regex;

use super::CODEMOD;
use super::accounts::{self, DEBCONF};
use super::places::{is_credential, is_secret, texts};
use crate::codemods::prelude::*;
use crate::config::Settings;
use crate::knowledge::values::{ValueVerdict, classify_value};
use crate::plan::FollowUp;
use crate::source::TextRange;
use crate::syntax::shell::{Command, Word};

/// What keeps a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    /// The accounts of the image, or the answers of debconf, by the program that sets them.
    Account(&'static str),
    /// A database in the image: `CREATE USER … PASSWORD '…'`.
    Database,
    /// Whatever file the text of the RUN goes to; it is a hash already.
    Hash,
    /// A file of settings that sed changes.
    Settings,
}

/// A password that stands in the text of a RUN and that the image has to keep.
pub(super) struct Kept {
    /// The RUN, an index into the Dockerfile's steps.
    pub step: usize,
    /// The commands, in the file.
    pub place: TextRange,
    /// What keeps it.
    pub keeper: Keeper,
}

pub(super) fn find<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> Vec<Finding> {
    let settings = model.settings(dockerfile);
    let steps = 0..dockerfile.steps.len();
    let kept = steps
        .flat_map(|step| accounts::of_step(dockerfile, step).into_iter().chain(of_step(dockerfile, step, &settings)));
    kept.enumerate().map(|(number, kept)| finding(model, dockerfile, &kept, number + 1)).collect()
}

fn of_step(dockerfile: &Dockerfile, step: usize, settings: &Settings) -> Vec<Kept> {
    let Some(run) = dockerfile.steps[step].run.as_deref() else { return Vec::new() };
    let keyword = dockerfile.steps[step].instruction.keyword_range();
    let mut found: Vec<Kept> = Vec::new();
    for shell in &run.shells {
        for context in shell.script.commands() {
            let Some(keeper) = keeper_of(context.command, settings) else { continue };
            let place = shell.view.as_ref().and_then(|view| view.host_range(context.command.range)).unwrap_or(keyword);
            // The text of a nested shell is a word of the first one as well.
            if found.iter().all(|other| other.place.intersect(place).is_none_or(TextRange::is_empty)) {
                found.push(Kept { step, place, keeper });
            }
        }
    }
    found
}

fn keeper_of(command: &Command, settings: &Settings) -> Option<Keeper> {
    let bodies = command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
    let words = || command.words.iter().chain(bodies.clone());
    if words().any(|word| SQL.as_ref().is_some_and(|sql| has_password(sql, word))) {
        return Some(Keeper::Database);
    }
    if words().any(has_hash) {
        return Some(Keeper::Hash);
    }
    let sed = command.effective_name().as_deref() == Some("sed");
    (sed && command.effective_arguments().iter().any(|word| sets(word, settings))).then_some(Keeper::Settings)
}

/// The password of an account of a database (postgresql.org/docs/current/sql-createrole.html; MySQL 8.4 manual, CREATE USER,
/// ALTER USER, SET PASSWORD, GRANT; learn.microsoft.com/sql/t-sql, CREATE LOGIN).
static SQL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let statement = r"(?is)\b(?:create|alter)\s+(?:user|role|login)\b|\bset\s+password\b|\bgrant\b";
    let value = r"(?:identified\s+(?:with\s+\S+\s+)?by|password\s*(?:=|\()?)\s*'([^']+)'";
    Regex::new(&format!("(?:{statement}).*?{value}")).ok()
});

/// A hash of a password (crypt(5); httpd.apache.org/docs/2.4/misc/password_encryptions.html).
static HASH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$(?:apr1|1|5|6|y|7|2[abxy])\$[./A-Za-z0-9$=]{20,}").ok());

/// `s|NAME=old|NAME=value|` of sed, its second half.
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:^|[\s|/,#@!"'])([A-Za-z_][\w.-]*)\s*[=:]\s*["']?([A-Za-z0-9+/_=-]{16,})["']?\s*[|/,#@!]"#).ok()
});

fn has_password(sql: &Regex, word: &Word) -> bool {
    let passwords = |text| sql.captures_iter(text).filter_map(|found| found.get(1));
    texts(word).any(|(_, text)| passwords(text).any(|password| is_credential(password.as_str())))
}

fn has_hash(word: &Word) -> bool {
    texts(word).any(|(_, text)| HASH.as_ref().is_some_and(|hash| hash.is_match(text)))
}

/// Whether the script of sed puts a value that looks random behind the name of a secret.
fn sets(word: &Word, settings: &Settings) -> bool {
    let Some(setting) = SETTING.as_ref() else { return false };
    let found = texts(word).flat_map(|(_, text)| setting.captures_iter(text));
    let pairs = found.filter_map(|found| found.get(1).zip(found.get(2)));
    pairs.into_iter().any(|(name, value)| {
        let name = name.as_str().rsplit('.').next().unwrap_or_default().replace('-', "_");
        let random = matches!(classify_value(value.as_str()), ValueVerdict::CredentialShaped { .. });
        random && is_secret(settings, &name)
    })
}

impl Keeper {
    /// What is written out, the kind of the obstacle, why no mount helps, and what to do.
    fn words(self) -> (String, &'static str, &'static str, &'static str) {
        let later = "change it, and set it when the container starts";
        match self {
            Self::Account(program) => (
                format!("a password for `{program}`"),
                "hashed-password",
                match program {
                    DEBCONF => "the database of debconf keeps the password in the image, whatever a build gets it from",
                    _ => {
                        "the image has to keep a hash of the password, which can be guessed at, whatever a build gets it from"
                    }
                },
                "change it, and set it when the container starts; for ssh, let keys in instead of passwords",
            ),
            Self::Database => (
                "the password of a database account".to_owned(),
                "hashed-password",
                "the database keeps the password or a hash of it in the image, whatever a build gets it from",
                later,
            ),
            Self::Hash => (
                "the hash of a password".to_owned(),
                "hashed-password",
                "a hash can be guessed at, and the image has to keep it, whatever a build gets it from",
                later,
            ),
            Self::Settings => (
                "the value of a secret setting".to_owned(),
                "writes-down",
                "`sed` puts it into a file of the image, whatever a build gets it from",
                "change it, and fill it in when the container starts",
            ),
        }
    }
}

fn finding<'m>(model: &'m Model, dockerfile: &'m Dockerfile, kept: &Kept, number: usize) -> Finding {
    let path = dockerfile.path();
    let (what, kind, reason, title) = kept.keeper.words();
    let mut change = Change::new(model, dockerfile);
    let label = change.place(kept.place, "here");
    change.obstruct(kind, reason, label);
    change.follow_up(FollowUp::Rotate(format!(
        "{} that line {} of `{path}` sets",
        rotated(kept.keeper),
        dockerfile.line_of(kept.step)
    )));
    let (fix, notes) = change.finish(title.to_owned());
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Error,
        dockerfile: path.to_owned(),
        subject: format!("account password {number}"),
        title: format!("{what} is written out in a RUN"),
        primary: Label { file: path.to_owned(), range: kept.place, text: "the image's history has it".to_owned() },
        labels: Vec::new(),
        notes,
        fix,
    }
}

fn rotated(keeper: Keeper) -> &'static str {
    if keeper == Keeper::Settings { "the value" } else { "the password" }
}
