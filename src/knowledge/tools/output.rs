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

/// The file that the command is told to write into what it sends: `curl --trace FILE`, `curl --libcurl FILE`, `wget -d -o FILE`
/// (curl(1), wget(1)).
#[must_use]
pub fn report_file(words: &[Option<String>]) -> Option<String> {
    let options: &[&str] = match Tools::name_of(words)? {
        "curl" => &["--trace", "--trace-ascii", "--libcurl", "--stderr"],
        "wget" => &["-o", "--output-file", "-a", "--append-output"],
        _ => return None,
    };
    // These two only say where; what is told is up to another flag.
    let is_told = |option: &str| matches!(option, "--trace" | "--trace-ascii" | "--libcurl") || logs(words);
    let words: Vec<&str> = words.iter().map(|word| word.as_deref().unwrap_or("$")).collect();
    let mut files = words.iter().enumerate().filter_map(|(at, word)| {
        let option = options.iter().find(|option| word.split('=').next() == Some(**option))?;
        let file = word.split_once('=').map(|(_, file)| file).or_else(|| words.get(at + 1).copied())?;
        (is_told(option) && !matches!(file, "-" | "%") && !file.starts_with("/dev/")).then(|| file.to_owned())
    });
    files.next_back()
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

/// Whether the command prints the environment variable `name`, which its words name without a `$`: `printenv NAME`,
/// `declare -p NAME`, a program of awk or jq with `ENVIRON["NAME"]` or `env.NAME`.
#[must_use]
pub fn prints_variable(words: &[Option<String>], name: &str) -> bool {
    let mut rest = words.iter().skip(1).flatten();
    match Tools::name_of(words) {
        Some("printenv") => rest.any(|word| word == name),
        Some("declare" | "typeset" | "export") => {
            rest.clone().any(|word| word == "-p") && rest.any(|word| word == name)
        }
        Some("awk" | "gawk" | "mawk" | "jq" | "gojq" | "yq") => {
            rest.any(|word| ["ENV", "env"].iter().any(|asked| word.contains(asked)) && super::references(word, name))
        }
        _ => false,
    }
}

/// Whether the command prints every variable of its environment, or runs a program that is written out among its words and
/// takes the environment as a whole: `env A=b`, `export -p`, `cat /proc/self/environ`, `jq -n env`, `php -i`.
#[must_use]
pub fn shows_environment(words: &[Option<String>]) -> bool {
    let Some(name) = Tools::name_of(words) else { return false };
    let rest: Vec<&str> = words.iter().skip(1).map(|word| word.as_deref().unwrap_or("$")).collect();
    let is_flag = |word: &&str, letters: &str| {
        word.strip_prefix('-')
            .is_some_and(|flags| !flags.is_empty() && flags.chars().all(|flag| letters.contains(flag)))
    };
    let assigns = |word: &&str| !word.starts_with(['-', '=']) && word.contains('=');
    let prints = match name {
        "env" => rest.iter().all(|word| assigns(word) || matches!(*word, "-0" | "--null" | "-v")),
        "printenv" => rest.iter().all(|word| matches!(*word, "-0" | "--null")),
        "set" => rest.is_empty(),
        "jq" | "gojq" => rest.last() == Some(&"env") && rest.iter().any(|word| matches!(*word, "-n" | "--null-input")),
        "export" | "declare" | "typeset" => rest.iter().all(|word| is_flag(word, "px")),
        _ => false,
    };
    let of_process = |word: &&str| word.contains("/proc/") && word.ends_with("/environ");
    let named = RULES.environment.iter().filter(|rule| rule.tools.iter().any(|tool| tool == unversioned(name)));
    prints || rest.iter().any(of_process) || named.into_iter().any(|rule| rest.iter().any(|word| rule.holds(word)))
}

/// `python3.12`, `php8` without their version.
fn unversioned(name: &str) -> &str {
    name.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.')
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
    environment: Vec<Whole>,
}

/// How a program names its whole environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    tools: Vec<String>,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    /// What stands behind a name where it is about one variable.
    #[serde(default)]
    one: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

impl Whole {
    fn holds(&self, word: &str) -> bool {
        self.flags.iter().any(|flag| flag == word) || self.names.iter().any(|name| self.is_whole(word, name))
    }

    /// Whether `text` has the name in it, not as a part of a longer one and not with one variable behind it.
    fn is_whole(&self, text: &str, name: &str) -> bool {
        let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
        text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let behind = text.get(at + name.len()..).unwrap_or_default();
            let part = before.ends_with(is_word) && name.starts_with(is_word)
                || (before.ends_with('.') && !before.ends_with("..."));
            !part && !behind.starts_with(is_word) && !self.one.iter().any(|one| behind.trim_start().starts_with(one))
        })
    }
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
