use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::knowledge::tools::{self, Reading};
use crate::repository::Repository;
use crate::source::Source;
use crate::syntax::shell::{self, Command};

use super::asking;
use super::exposure::environment_prints;
use super::index::Index;
use super::plain_text::is_named;
use super::run::{Form, Run, mentions};
use super::scripts::dialect_of;

/// Why a RUN is taken to read a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// It names the variable.
    Named,
    /// It runs a script of the repository that names it.
    Script(Utf8PathBuf),
    /// It runs a tool whose configuration in the repository refers to it.
    Configuration(Utf8PathBuf),
    /// It runs a tool that reads the variable by itself; the sentence says which.
    Tool(String),
    /// It runs something that may read any variable; the sentence says what.
    Possible(String),
}

impl Evidence {
    /// Whether the RUN reads the variable for certain, not just perhaps.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(self, Self::Possible(_))
    }

    /// The evidence in a few words, for a label.
    #[must_use]
    pub fn describe(&self, name: &str) -> String {
        match self {
            Self::Named => format!("uses `{name}`"),
            Self::Script(path) => format!("`{path}` uses `{name}`"),
            Self::Configuration(path) => format!("`{path}` refers to `{name}`"),
            Self::Tool(why) => why.clone(),
            Self::Possible(why) => format!("{why}, which may read `{name}`"),
        }
    }
}

/// How deep scripts that call scripts are followed.
pub(super) const MOST_SCRIPT_DEPTH: usize = 4;

/// Answers which RUNs can see a value, with what the repository says about their scripts and configuration.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'r> {
    repository: &'r Repository,
    index: &'r Index,
    dockerfile: &'r Utf8Path,
    /// The folder of the Dockerfile: its files are looked at first.
    home: &'r Utf8Path,
}

impl<'r> Reader<'r> {
    /// A reader for the Dockerfile at `path`.
    #[must_use]
    pub(super) fn new(repository: &'r Repository, index: &'r Index, path: &'r Utf8Path) -> Self {
        Self { repository, index, dockerfile: path, home: path.parent().unwrap_or(Utf8Path::new("")) }
    }

    /// Whether `run` reads the environment variable `name`, and why that is thought; `None` if it certainly does not.
    #[must_use]
    pub fn reads(&self, run: &Run, name: &str) -> Option<Evidence> {
        if is_named(run, name) {
            return Some(Evidence::Named);
        }
        if let Form::Exec(arguments) = &run.form
            && run.shells.is_empty()
        {
            return self.words_read(&arguments.iter().cloned().map(Some).collect::<Vec<_>>(), name, 0);
        }
        if !run.is_understood() || run.shells.is_empty() {
            return Some(Evidence::Possible("runs text that is not understood".to_owned()));
        }
        // What prints all variables to the log needs none of them.
        let prints = environment_prints(run);
        let commands = run.shells.iter().enumerate().flat_map(|(at, shell)| {
            let all = shell.script.commands().into_iter().map(|context| context.command);
            all.filter(|command| !prints.contains(&(at, command.range))).collect::<Vec<_>>()
        });
        self.strongest(commands.map(|command| self.command_reads(command, name, 0)))
    }

    fn strongest(&self, evidence: impl Iterator<Item = Option<Evidence>>) -> Option<Evidence> {
        let mut possible = None;
        for found in evidence.flatten() {
            if found.is_certain() {
                return Some(found);
            }
            possible = possible.or(Some(found));
        }
        possible
    }

    fn command_reads(&self, command: &Command, name: &str, depth: usize) -> Option<Evidence> {
        self.words_read(&effective_words(command), name, depth)
    }

    fn words_read(&self, words: &[Option<String>], name: &str, depth: usize) -> Option<Evidence> {
        if words.is_empty() {
            return None;
        }
        if let Some(script) = self.script_of(words) {
            return self.script_reads(script, name, depth);
        }
        if let Some(path) = self.configuration_that_refers(words, name) {
            return Some(Evidence::Configuration(path));
        }
        let program = words.first().cloned().flatten().unwrap_or_else(|| "a command".to_owned());
        match tools::reads(words, name) {
            Reading::Never if self.asks_a_program(words) => {
                Some(Evidence::Possible("git asks a program for credentials".to_owned()))
            }
            Reading::Never => None,
            Reading::Reads { why, certain: true } => Some(Evidence::Tool(why)),
            Reading::Reads { certain: false, .. } if self.is_settled_by_files(words, name) => None,
            Reading::Reads { why, certain: false } | Reading::RunsCode { why } => Some(Evidence::Possible(why)),
            Reading::Unknown => Some(Evidence::Possible(format!("runs `{program}`"))),
        }
    }

    /// Whether the words start a git that talks to a server and asks a program for what it needs there.
    fn asks_a_program(&self, words: &[Option<String>]) -> bool {
        let program = words.first().and_then(|word| word.as_deref()?.rsplit('/').next());
        if program != Some("git") || tools::is_offline(words) {
            return false;
        }
        let dockerfile = self.repository.source(self.dockerfile).map(Source::text).unwrap_or_default();
        asking::may_ask(dockerfile, &self.near(&asking::SETTINGS))
    }

    fn script_reads(&self, script: &Source, name: &str, depth: usize) -> Option<Evidence> {
        if mentions(script.text(), name) {
            return Some(Evidence::Script(script.path().to_owned()));
        }
        let parsed = dialect_of(script).map(|dialect| shell::parse(script.text(), dialect));
        let Some(parsed) = parsed.filter(|parsed| parsed.clean && depth < MOST_SCRIPT_DEPTH) else {
            return Some(Evidence::Possible(format!("runs `{}`", script.path())));
        };
        let commands = parsed.commands();
        self.strongest(commands.into_iter().map(|context| self.command_reads(context.command, name, depth + 1)))
    }

    /// The script of the repository that a command runs: `./build.sh`, `sh scripts/build.sh`, `. ./env.sh`.
    #[must_use]
    pub fn script_of(&self, words: &[Option<String>]) -> Option<&'r Source> {
        let program = words.first()?.as_deref()?;
        let runs_operand = matches!(program, "sh" | "bash" | "ash" | "dash" | "zsh" | "source" | ".")
            || program.ends_with("/sh")
            || program.ends_with("/bash");
        let path =
            if runs_operand { words.iter().skip(1).flatten().find(|word| !word.starts_with('-'))? } else { program };
        if !path.contains('/') && !runs_operand {
            return None;
        }
        self.file_like(path)
    }

    /// The files that are no Dockerfiles and name the variable.
    pub(super) fn naming(&self, name: &str) -> Vec<&'r Source> {
        self.index.naming(self.repository, name)
    }

    /// The folder of the Dockerfile.
    pub(super) fn home(&self) -> &'r Utf8Path {
        self.home
    }

    /// The files of these names in the folder of the Dockerfile, below it and above it.
    pub(super) fn near(&self, names: &[&str]) -> Vec<&'r Source> {
        let near = names.iter().flat_map(|name| self.index.named_near(name, self.home));
        near.filter_map(|path| self.repository.source(path)).collect()
    }

    /// The file of the repository that a path inside the image most likely is a copy of: the one that shares the
    /// longest tail with it; `None` where two do.
    pub(super) fn file_like(&self, path: &str) -> Option<&'r Source> {
        let path = Utf8Path::new(path.trim_start_matches("./").trim_start_matches('/'));
        let parts: Vec<_> = path.components().collect();
        for skipped in 0..parts.len() {
            let tail: Utf8PathBuf = parts[skipped..].iter().collect();
            if let Some(source) = self.repository.source(&self.home.join(&tail)) {
                return Some(source);
            }
            let named = self.index.named(path.file_name().unwrap_or(""));
            let mut candidates = named.iter().filter(|candidate| candidate.ends_with(&tail));
            match (candidates.next(), candidates.next()) {
                (Some(only), None) => return self.repository.source(only),
                (Some(_), Some(_)) => return None,
                _ => {}
            }
        }
        None
    }

    /// Whether the project has configuration files of the tool, which refer to other variables if to any, and the variable is
    /// not one of the tool's own kind.
    fn is_settled_by_files(&self, words: &[Option<String>], name: &str) -> bool {
        let foreign = tools::ecosystem_of_variable(name).is_none_or(|of| tools::ecosystem_of_tool(words) != Some(of));
        foreign && self.configuration(words).next().is_some()
    }

    /// The configuration files of the project for the tool that the words start.
    fn configuration(&self, words: &[Option<String>]) -> impl Iterator<Item = &'r Source> {
        let paths = tools::config_files(words).into_iter().flat_map(|file| &file.paths);
        let names: BTreeSet<&str> = paths.filter_map(|path| Utf8Path::new(path).file_name()).collect();
        // Configuration of another project in the same repository says nothing about this one.
        self.near(&names.into_iter().collect::<Vec<_>>()).into_iter()
    }

    fn configuration_that_refers(&self, words: &[Option<String>], name: &str) -> Option<Utf8PathBuf> {
        let candidates = self.configuration(words);
        let refers = candidates.filter(|source| tools::references(source.text(), name));
        let nearest = refers.min_by_key(|source| (!source.path().starts_with(self.home), source.path().as_str().len()));
        nearest.map(|source| source.path().to_owned())
    }
}

/// The words of a command without the wrappers in front of it; a word that is not static has its variables as written.
#[must_use]
pub fn effective_words(command: &Command) -> Vec<Option<String>> {
    let start = command.effective().index;
    command.words.iter().skip(start).map(|word| Some(word.lossy())).collect()
}
