//! Commands that write a credential down.

use std::sync::LazyLock;

use serde::Deserialize;

use super::table::Tools;
use crate::knowledge::values::{ValueVerdict, classify_value, url_userinfo};

/// What remains of a credential after a command has seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persistence {
    /// Where it is kept: paths as the tool's documentation writes them (`~/.npmrc`), relative ones from the working
    /// directory; the operand itself where the command names its file. `…` stands for a file whose name is not static.
    pub files: Vec<String>,
    /// The form that leaves nothing, in one sentence: see [`Self::remedy_for`].
    pub remedy: String,
    /// The codemod that deals with it.
    pub codemod: &'static str,
    /// Whether only a hash of the credential is kept, which can be guessed at and not read.
    pub hashed: bool,
    /// Whether the command does nothing but write `files`, so that it can be run again and removing them takes back all that
    /// it did.
    pub repeatable: bool,
}

impl Persistence {
    /// Where it is kept and what to do instead, as a clause that goes on behind `keeps it in` or the like.
    #[must_use]
    pub fn place_and_remedy(&self) -> String {
        format!("`{}`: {}", self.files.join("`, `"), remedy_for(&self.remedy, "ID", "NAME"))
    }
}

/// The remedy for the secret `id` whose value is in the variable `name`, as a clause.
#[must_use]
pub fn remedy_for(remedy: &str, id: &str, name: &str) -> String {
    let mut clause = remedy.trim_end_matches('.').replace("{id}", id).replace("{name}", name);
    if let Some(first) = clause.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    clause
}

/// What the command keeps of the credentials among its words, or of its input for commands that only write input down
/// (`tee`, `chpasswd`). Words that are not static count as credentials: ask this about commands that use a secret.
#[must_use]
pub fn persists(words: &[Option<String>]) -> Option<Persistence> {
    if let Some(inner) = super::inner_command(words) {
        // `find … -exec COMMAND {} +`: what ends the command is no operand of it.
        let end = inner.iter().rposition(|word| !matches!(word.as_deref(), Some("+" | ";"))).map_or(0, |last| last + 1);
        return persists(inner.get(..end)?);
    }
    let resolved = super::TOOLS.resolve(words);
    let (name, rest) = match &resolved {
        Some((tool, rest)) => (tool.name(), *rest),
        None => (Tools::name_of(words)?, words.get(1..)?),
    };
    let rules = RULES.persist.iter().filter(|rule| rule.tools.iter().any(|tool| tool == name));
    rules.filter_map(|rule| rule.apply(rest)).next()
}

/// Whether the command logs in with what the variable `name` holds, and writes down what it is given for it.
#[must_use]
pub fn logs_in_with(words: &[Option<String>], name: &str) -> bool {
    let Some((tool, rest)) = super::TOOLS.resolve(words) else { return false };
    let mut rules = RULES.persist.iter().filter(|rule| rule.tools.iter().any(|known| known == tool.name()));
    rules.any(|rule| rule.variables.iter().any(|variable| variable == name) && rule.apply(rest).is_some())
}

/// A command that takes a credential out of the files again in which another command of its tool has kept it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakingBack {
    /// The files.
    pub files: Vec<String>,
    /// Which credential: the operands, a host for `docker logout HOST`.
    pub operands: Vec<String>,
}

/// What the command takes out of the files of its tool, if that is what it does.
#[must_use]
pub fn takes_back(words: &[Option<String>]) -> Option<TakingBack> {
    let resolved = super::TOOLS.resolve(words);
    let (name, rest) = match &resolved {
        Some((tool, rest)) => (tool.name(), *rest),
        None => (Tools::name_of(words)?, words.get(1..)?),
    };
    let rules = RULES.persist.iter().filter(|rule| !rule.undo.is_empty() && rule.tools.iter().any(|tool| tool == name));
    let mut undone = rules.filter_map(|rule| Some((rule, behind(&rule.undo, rest)?)));
    let (rule, operands) = undone.next()?;
    let operands = operands.iter().flatten().filter(|word| !word.starts_with('-'));
    Some(TakingBack { files: rule.files.clone(), operands: operands.cloned().collect() })
}

impl TakingBack {
    /// Whether it takes back what a command of these words has kept.
    #[must_use]
    pub fn undoes(&self, words: &[String]) -> bool {
        let names_host = || words.iter().skip(1).any(|word| !word.starts_with('-') && word.contains('.'));
        self.operands.iter().all(|operand| words.contains(operand)) && (!self.operands.is_empty() || !names_host())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    persist: Vec<Rule>,
}

/// One row of `persistence.toml`, which explains the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule {
    tools: Vec<String>,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    values_of: Vec<String>,
    #[serde(default)]
    in_place: bool,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    when: When,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    operands: Operands,
    #[serde(default)]
    hashed: bool,
    #[serde(default)]
    repeatable: bool,
    #[serde(default)]
    names_file: Vec<String>,
    #[serde(default)]
    undo: Vec<String>,
    #[serde(default)]
    variables: Vec<String>,
    remedy: String,
    #[serde(rename = "source")]
    _source: String,
}

/// What has to be among the words for a rule to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum When {
    /// A word that carries a credential, behind the words of the rule.
    #[default]
    Carries,
    /// A path below `/run/secrets`, or a word that is not static.
    Mounted,
    /// Nothing more.
    Always,
}

/// Which operands name files that the command writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Operands {
    /// None.
    #[default]
    None,
    /// All of them.
    All,
    /// The last one.
    Last,
    /// The value of `of=`.
    Of,
}

impl Rule {
    fn apply(&self, rest: &[Option<String>]) -> Option<Persistence> {
        let behind = behind(&self.words, rest)?;
        let unless = |word: &Option<String>| word.as_ref().is_some_and(|word| self.unless.contains(word));
        let holds = match self.when {
            When::Carries => behind.iter().any(carries),
            When::Mounted => {
                behind.iter().any(|word| word.as_deref().is_none_or(|word| word.contains("/run/secrets/")))
            }
            When::Always => true,
        };
        if !holds || rest.iter().any(unless) || !self.has_options(rest) {
            return None;
        }
        let files: Vec<String> = self.files.iter().cloned().chain(self.written(behind)).collect();
        if files.is_empty() {
            return None;
        }
        let writes = self.operands != Operands::None;
        let codemod = if writes { "written-credential" } else { "persisted-credential" };
        let named = rest.iter().flatten().any(|word| self.names_file.iter().any(|option| begins_with(word, option)));
        let repeatable = self.repeatable && !named;
        Some(Persistence { files, remedy: self.remedy.clone(), codemod, hashed: self.hashed, repeatable })
    }

    /// Whether the options are among the words that the rule asks for, in front of operands or behind them.
    fn has_options(&self, rest: &[Option<String>]) -> bool {
        let is_one = |word: &Option<String>, options: &[String]| {
            word.as_ref().is_some_and(|word| options.iter().any(|option| begins_with(word, option)))
        };
        let named = self.options.is_empty() || rest.iter().any(|word| is_one(word, &self.options));
        let valued = self.values_of.is_empty()
            || rest.windows(2).any(|pair| is_one(&pair[0], &self.values_of) && carries(&pair[1]));
        named && valued && (!self.in_place || rest.iter().flatten().any(|word| edits_in_place(word)))
    }

    fn written(&self, behind: &[Option<String>]) -> Vec<String> {
        let name = |word: &Option<String>| word.clone().unwrap_or_else(|| "…".to_owned());
        let is_file = |word: &str| !word.starts_with('-') && !word.starts_with("/dev/");
        let operands = behind.iter().filter(|word| word.as_deref().is_none_or(is_file));
        match self.operands {
            Operands::None => Vec::new(),
            Operands::All => operands.map(name).collect(),
            Operands::Last => operands.map(name).next_back().into_iter().collect(),
            Operands::Of => {
                behind.iter().flatten().filter_map(|word| word.strip_prefix("of=")).map(String::from).collect()
            }
        }
    }
}

/// The words behind `wanted`, which stand next to each other when flags are left out.
fn behind<'w>(wanted: &[String], rest: &'w [Option<String>]) -> Option<&'w [Option<String>]> {
    let is_wanted = |word: &str| wanted.iter().any(|wanted| is_same(word, wanted));
    let words = rest.iter().map(|word| word.as_deref().unwrap_or("")).enumerate();
    let plain: Vec<(usize, &str)> = words.filter(|(_, word)| !word.starts_with('-') || is_wanted(word)).collect();
    if wanted.is_empty() {
        return Some(rest);
    }
    let mut windows = plain.windows(wanted.len());
    let matches =
        |window: &&[(usize, &str)]| window.iter().zip(wanted).all(|((_, word), wanted)| is_same(word, wanted));
    let (last, _) = windows.find(matches)?.last()?;
    rest.get(last + 1..)
}

/// Whether an option of sed, perl or ruby makes it change the files that it is given: `-i`, `-i.bak`, `-pi`, `-ni.orig`,
/// `--in-place`. GNU sed takes it behind its operands as well (getopt(3)); in a cluster it ends at the letter whose value
/// the rest is (sed(1), perlrun(1), ruby(1)).
#[must_use]
pub fn edits_in_place(word: &str) -> bool {
    let (option, _) = word.split_once('=').unwrap_or((word, ""));
    if let Some(long) = option.strip_prefix("--") {
        return !long.is_empty() && "in-place".starts_with(long);
    }
    const ALONE: &str = "nsruzpwalEtTUWXcS";
    let letters = option.strip_prefix('-').unwrap_or_default();
    letters.chars().find(|char| !ALONE.contains(*char) && !char.is_ascii_digit()) == Some('i')
}

/// Whether a word is the option, alone or with its value behind `=`.
fn begins_with(word: &str, option: &str) -> bool {
    word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// Whether a word is the wanted one, in any letter case if it is no flag (`SetApiKey`); a short flag may have its value joined (`-i.bak`) or stand among others (`-ri`).
fn is_same(word: &str, wanted: &str) -> bool {
    let short = wanted.strip_prefix('-').filter(|letter| letter.len() == 1);
    let cluster = |letter| word.starts_with('-') && !word.starts_with("--") && word.len() <= 4 && word.contains(letter);
    let plain = !wanted.starts_with('-') && word.eq_ignore_ascii_case(wanted);
    plain || word == wanted || short.is_some_and(|letter| word.starts_with(wanted) || cluster(letter))
}

/// Whether a word is or may be a credential, or is the setting that holds one.
fn carries(word: &Option<String>) -> bool {
    const SETTINGS: [&str; 9] =
        ["_auth", "token", "password", "passwd", "extraheader", "credential", "secret", "apikey", "api_key"];
    let Some(word) = word else { return true };
    let lower = word.to_ascii_lowercase();
    url_userinfo(word).is_some_and(|userinfo| userinfo.is_credential(word))
        || matches!(classify_value(word), ValueVerdict::CredentialShaped { .. })
        || SETTINGS.iter().any(|setting| lower.contains(setting))
}

static RULES: LazyLock<Rules> = LazyLock::new(|| crate::knowledge::table(include_str!("../persistence.toml")));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() -> Result<(), Box<dyn std::error::Error>> {
        let rules: Rules = crate::knowledge::check(include_str!("../persistence.toml"))?;
        for rule in &rules.persist {
            assert!(rule.remedy.ends_with('.'), "{:?}", rule.tools);
            assert!(!rule.files.is_empty() || rule.operands != Operands::None, "{:?}", rule.tools);
        }
        Ok(())
    }
}
