//! Commands: which variables they read by themselves, whether they run code that may read any, what they write down and
//! what they print.
//!
//! Every function takes the words of a simple command, the name first, without wrappers such as `sudo`, without
//! assignments and redirections. A word is `None` where a variable or a command substitution is in it. Nothing here looks
//! at textual uses (`$TOKEN` in a word): the shell's tree shows those. A name inside a quoted program is one for us.

mod config;
mod files;
mod lifecycle;
mod output;
mod persistence;
mod table;

#[cfg(test)]
mod tests;

pub use config::{ConfigFile, config_files, references};
pub use files::{fetches_by_name, is_offline, names_no_ssh, reads_file};
pub use lifecycle::scripts_run;
pub use output::{
    embeds, fills_in, logs, passes_through, prints_files, prints_variable, report_file, shows_environment,
};
pub use persistence::{Persistence, TakingBack, edits_in_place, logs_in_with, persists, remedy_for, takes_back};

use serde::Deserialize;
use table::{Entry, TOOLS, Tools, matches_any};

/// A family of packages with its own package managers and credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ecosystem {
    /// npm, yarn, pnpm, bun.
    Node,
    /// pip, uv, poetry, conda.
    Python,
    /// bundler, gem.
    Ruby,
    /// composer.
    Php,
    /// go.
    Go,
    /// cargo.
    Rust,
    /// maven, gradle, sbt.
    Java,
    /// dotnet, nuget.
    DotNet,
    /// mix, rebar3.
    Beam,
}

/// A command that the table knows.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    name: &'static str,
    entry: &'static Entry,
}

impl Tool {
    /// The name under which the table lists it: `pip` for `/usr/bin/pip3.11`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The packages that it handles or whose language it runs.
    #[must_use]
    pub fn ecosystem(&self) -> Option<Ecosystem> {
        self.entry.ecosystem
    }
}

/// Whether a command looks at a variable of its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It does not: the command is known, and it neither reads this variable nor runs code that could.
    Never,
    /// It does.
    Reads {
        /// How, as a clause without a full stop.
        why: String,
        /// Whether the tool itself reads it; otherwise it does so by convention, through a configuration file.
        certain: bool,
    },
    /// It runs code of the project or of packages, which may read any variable.
    RunsCode {
        /// Which code, as a clause without a full stop.
        why: String,
    },
    /// The command is not known, or its name is not static.
    Unknown,
}

/// The tool that the words start, if the table knows it. Interpreters that only pass on (`python -m pip`, `php
/// composer.phar`) are seen through.
#[must_use]
pub fn tool(words: &[Option<String>]) -> Option<Tool> {
    TOOLS.resolve(words).map(|(tool, _)| tool)
}

/// Whether the command reads `variable` from its environment without being told to by its words.
#[must_use]
pub fn reads(words: &[Option<String>], variable: &str) -> Reading {
    if let Some(inner) = inner_command(words) {
        return reads(inner, variable);
    }
    if tells_about_itself(words) {
        return Reading::Never;
    }
    if shows_environment(words) {
        let program = words.first().and_then(Option::as_deref).unwrap_or("a command");
        return Reading::Reads { why: format!("`{program}` prints the whole environment"), certain: true };
    }
    let Some((tool, rest)) = TOOLS.resolve(words) else { return script(words) };
    let entry = tool.entry;
    if matches_any(&entry.reads, variable) {
        return Reading::Reads { why: format!("{} reads it from the environment", tool.name), certain: true };
    }
    let takes_program = entry.program_text || entry.code.is_some();
    if takes_program && rest.iter().flatten().any(|word| references(word, variable)) {
        return Reading::Reads { why: format!("an argument of {} names it", tool.name), certain: true };
    }
    let owner = ecosystem_of_variable(variable);
    let first = first_operand(rest);
    let installs = entry.installs_by(first);
    match (owner, entry.ecosystem) {
        _ if installs && matches_any(&entry.ignores, variable) => Reading::Never,
        (Some(owner), Some(of_tool)) if owner == of_tool && installs && !entry.config.is_empty() => {
            by_convention(&tool)
        }
        (Some(owner), Some(of_tool)) if owner != of_tool && installs => Reading::Never,
        _ => match code(entry, rest, first) {
            Some(why) => Reading::RunsCode { why: why.to_owned() },
            None if entry.config.is_empty() => Reading::Never,
            None => by_convention(&tool),
        },
    }
}

/// The packages to which a variable belongs by its name; `None` for general ones such as `GITHUB_TOKEN`.
#[must_use]
pub fn ecosystem_of_variable(name: &str) -> Option<Ecosystem> {
    TOOLS.affinity.iter().find(|affinity| matches_any(&affinity.variables, name)).map(|affinity| affinity.ecosystem)
}

/// The packages that a command handles, or whose language it runs.
#[must_use]
pub fn ecosystem_of_tool(words: &[Option<String>]) -> Option<Ecosystem> {
    tool(words).and_then(|tool| tool.ecosystem())
}

/// Whether the command does nothing but print its version or how it is used.
fn tells_about_itself(words: &[Option<String>]) -> bool {
    const QUESTIONS: [&str; 7] = ["--version", "-version", "-V", "-v", "version", "--help", "help"];
    match words {
        // `command -v npm` only says where it is (POSIX, command).
        [Some(program), Some(option), ..] if program == "command" && matches!(option.as_str(), "-v" | "-V") => true,
        [Some(program), Some(question)] => !program.contains('/') && QUESTIONS.contains(&question.as_str()),
        _ => false,
    }
}

fn by_convention(tool: &Tool) -> Reading {
    Reading::Reads { why: format!("a configuration file of {}", tool.name), certain: false }
}

/// The command that `find -exec` starts; `find` alone reads nothing.
fn inner_command(words: &[Option<String>]) -> Option<&[Option<String>]> {
    if Tools::name_of(words)? != "find" {
        return None;
    }
    let is_exec = |word: &Option<String>| matches!(word.as_deref(), Some("-exec" | "-execdir" | "-ok" | "-okdir"));
    let start = words.iter().position(is_exec).map_or(words.len(), |at| at + 1);
    words.get(start..)
}

/// A command that the table does not list: a script of the project if it is started by a path.
fn script(words: &[Option<String>]) -> Reading {
    let Some(first) = words.first() else { return Reading::Never };
    let Some(name) = first.as_deref() else { return Reading::Unknown };
    const ENDINGS: [&str; 9] = [".sh", ".bash", ".py", ".rb", ".pl", ".js", ".php", ".ps1", ".bat"];
    if name.contains('/') || ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        return Reading::RunsCode { why: format!("`{name}` is a script or program of its own") };
    }
    Reading::Unknown
}

/// Why the command runs code, if it does. A word that is not static may be any subcommand.
fn code<'e>(entry: &'e Entry, rest: &[Option<String>], first: Option<&str>) -> Option<&'e str> {
    let why = entry.code.as_deref()?;
    let told =
        |word: &Option<String>| word.as_deref().is_some_and(|word| entry.code_unless.iter().any(|it| it == word));
    if entry.installs_by(first) && rest.iter().any(told) {
        return None;
    }
    let is = |list: &[String], word: &str| list.iter().any(|known| known == word);
    let runs = if entry.code_only.is_empty() {
        first.is_none_or(|first| !is(&entry.code_never, first))
    } else {
        rest.iter().any(|word| word.as_deref().is_none_or(|word| is(&entry.code_only, word)))
    };
    runs.then_some(why)
}

/// The first word that is no flag; empty if there is none, `None` if it is not static.
fn first_operand(rest: &[Option<String>]) -> Option<&str> {
    match rest.iter().find(|word| word.as_deref().is_none_or(|word| !word.starts_with(['-', '+']))) {
        Some(word) => word.as_deref(),
        None => Some(""),
    }
}
