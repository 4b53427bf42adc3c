//! Commands that print what they are given, and commands that keep it to themselves.

use std::sync::LazyLock;

use serde::Deserialize;

use super::persistence::persists;
use super::table::Tools;

/// Whether the command prints its arguments or its environment, so that the value ends in the build's log unless the
/// output is redirected: `echo`, `env`, `set -x`, `curl -v`.
#[must_use]
pub fn logs(words: &[Option<String>]) -> bool {
    let resolved = super::TOOLS.resolve(words);
    let (name, rest) = match &resolved {
        Some((tool, rest)) => (tool.name(), *rest),
        None => (Tools::name_of(words).unwrap_or(""), words.get(1..).unwrap_or_default()),
    };
    // A word that is not static is no flag that anybody has to know.
    let rest: Vec<&str> = rest.iter().map(|word| word.as_deref().unwrap_or("$")).collect();
    RULES.log.iter().any(|rule| rule.tools.iter().any(|tool| tool == name) && rule.holds(&rest))
}

/// Whether the command is known to use its arguments only in memory or over the network: nothing of them is printed or
/// written down. Commands that the table does not know are not. This says nothing about standard input.
#[must_use]
pub fn passes_through(words: &[Option<String>]) -> bool {
    let known = super::tool(words).is_some_and(|tool| tool.entry.transmits);
    known && persists(words).is_none() && !logs(words)
}

/// Whether the command prints a template with the value of the environment variable `name` filled in: `envsubst '$NAME'`,
/// and `envsubst` alone, which fills in all of them (envsubst(1)).
#[must_use]
pub fn fills_in(words: &[Option<String>], name: &str) -> bool {
    if Tools::name_of(words) != Some("envsubst") {
        return false;
    }
    let formats: Vec<&str> = words.iter().skip(1).flatten().map(String::as_str).collect();
    formats.iter().all(|word| word.starts_with('-')) || formats.iter().any(|word| super::references(word, name))
}

/// Whether the program of this name prints the content of the files that it is given.
#[must_use]
pub fn prints_files(program: &str) -> bool {
    RULES.filter.iter().any(|rule| rule.tools.iter().any(|tool| tool == program))
}

/// Whether the command, given from its name on, writes its words into the program that it builds: go's linker with `-X`
/// (documentation of `cmd/link`). `xx-go` is the same for other platforms (github.com/tonistiigi/xx).
#[must_use]
pub fn embeds(words: &[String]) -> bool {
    let go = words.first().is_some_and(|name| matches!(name.rsplit('/').next(), Some("go" | "xx-go")));
    let builds = words.get(1).is_some_and(|word| matches!(word.as_str(), "build" | "install" | "test" | "run"));
    go && builds && words.iter().any(|word| word.starts_with("-ldflags") || word.starts_with("--ldflags"))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    log: Vec<Rule>,
    filter: Vec<Rule>,
}

/// One row of `output.toml`, which explains the fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rule {
    tools: Vec<String>,
    always: bool,
    alone: bool,
    flags: Vec<String>,
    cluster: Option<char>,
    leading_only: bool,
    begins: Vec<String>,
    exactly: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

impl Rule {
    fn holds(&self, rest: &[&str]) -> bool {
        let is_one_of = |list: &[String], word: &str| list.iter().any(|known| known == word);
        let begins = |beginning: &String| {
            let wanted: Vec<&str> = beginning.split(' ').collect();
            rest.starts_with(&wanted)
        };
        self.always
            || (self.alone && rest.is_empty())
            || rest.iter().any(|word| is_one_of(&self.flags, word))
            || matches!(rest, [only] if is_one_of(&self.exactly, only))
            || self.begins.iter().any(begins)
            || self.cluster.is_some_and(|letter| self.has_cluster(rest, letter))
    }

    /// Whether one of the words is a cluster of short flags with `letter` in it.
    fn has_cluster(&self, rest: &[&str], letter: char) -> bool {
        let considered = rest.iter().take_while(|word| !self.leading_only || word.starts_with('-'));
        let mut clusters = considered.filter_map(|word| word.strip_prefix('-'));
        clusters.any(|flags| flags.chars().all(|char| char.is_ascii_alphabetic()) && flags.contains(letter))
    }
}

static RULES: LazyLock<Rules> = LazyLock::new(|| crate::knowledge::table(include_str!("../output.toml")));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() -> Result<(), toml::de::Error> {
        let rules: Rules = crate::knowledge::check(include_str!("../output.toml"))?;
        assert!(rules.log.iter().all(|rule| !rule.tools.is_empty() && !rule._source.is_empty()));
        Ok(())
    }
}
