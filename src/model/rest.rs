mod answer;
mod chain;
mod filled;

use std::collections::{BTreeMap, BTreeSet};

use crate::knowledge::tools;
use crate::source::{TextRange, TextSize};
use crate::syntax::shell::{Body, Command, CompoundKind, Item, Node, PartKind, RedirectKind, Script, Word, dialect_of};

use super::exposure::dumps_environment;
use super::fate::Fates;
use super::in_place::reads_in_place;
use super::reading::effective_words;
use super::run::Run;
use chain::{Link, Opened, opened, where_it_goes, with_outputs, written_by_awk, written_file};
pub(super) use chain::{written_by_option, written_by_sed};
pub(super) use filled::{filled_files, output_files};

/// A way in which a RUN lets the value come to rest, or may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The command, in the file; `None` where it can't be named.
    pub place: Option<TextRange>,
    /// The shell text that the command stands in, an index into [`Run::shells`].
    pub shell: usize,
    /// The command, in bytes of that text.
    pub command: TextRange,
    /// What it does with the value.
    pub kind: RestKind,
}

/// What a command does with the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestKind {
    /// It writes it into a file of the image that stays.
    File(String),
    /// It is a tool that writes it down: the files, and the leak-free way in one sentence.
    Tool {
        /// Where the tool keeps the value.
        files: Vec<String>,
        /// What to do instead, as in [`tools::Persistence::remedy`].
        remedy: String,
        /// The codemod that deals with it: `written-credential` where writing is what the command is for.
        codemod: &'static str,
        /// Whether the command does nothing but write these files.
        repeatable: bool,
    },
    /// It is a tool that keeps a hash of it: in these files.
    Hashed(Vec<String>),
    /// It prints it to the build log.
    Log,
    /// It is handed to a program of which nothing is known.
    NotUnderstood(String),
}

impl RestKind {
    fn of(kept: tools::Persistence) -> Self {
        match kept.hashed {
            true => Self::Hashed(kept.files),
            false => Self::Tool {
                files: kept.files,
                remedy: kept.remedy,
                codemod: kept.codemod,
                repeatable: kept.repeatable,
            },
        }
    }
}

/// What the commands of `run` do with the value of the variable `name`, as far as they name it.
#[must_use]
pub fn rests(run: &Run, name: &str) -> Vec<Rest> {
    find_rests(run, &run.derived_variables(name), None)
}

/// What they do with the value that several variables hold.
pub(super) fn rests_of(run: &Run, names: &BTreeSet<String>) -> Vec<Rest> {
    find_rests(run, &run.derived_from(names.clone()), None)
}

/// What they do with the content of the mounted file at `path` where they read it in place.
#[must_use]
pub fn rests_in_place(run: &Run, path: &str) -> Vec<Rest> {
    find_rests(run, &BTreeSet::new(), Some(path))
}

fn find_rests(run: &Run, values: &BTreeSet<String>, path: Option<&str>) -> Vec<Rest> {
    let mut finder = Finder {
        values,
        path,
        found: Vec::new(),
        functions: BTreeMap::new(),
        opened: Vec::new(),
        calls: 0,
        is_captured: false,
    };
    for (index, shell) in run.shells.iter().enumerate() {
        finder.functions = functions(&shell.script.items);
        finder.opened = opened(&shell.script);
        finder.items(&shell.script.items, index, &[]);
        finder.is_captured = true;
        shell.script.substitutions().into_iter().for_each(|script| finder.items(&script.items, index, &[]));
        finder.is_captured = false;
        finder.given_files(&shell.script, index);
    }
    let Finder { found, .. } = finder;
    let fates: Vec<Fates> = run.shells.iter().map(|shell| Fates::of(&shell.script)).collect();
    let is_gone =
        |path: &str, found: &Found| fates.get(found.shell).is_some_and(|fates| fates.is_gone(path, found.range));
    let is_temporary = |path: &str| run.temporary.iter().any(|folder| is_below(path, folder));
    let stays = |found: &Found| match &found.kind {
        RestKind::File(path) => !is_gone(path, found) && !is_temporary(path),
        RestKind::Tool { files, .. } => files.iter().any(|path| !is_gone(path, found)),
        RestKind::Hashed(_) | RestKind::Log | RestKind::NotUnderstood(_) => true,
    };
    let place = |found: &Found| run.shells.get(found.shell)?.view.as_ref()?.host_range(found.range);
    found
        .iter()
        .filter(|found| stays(found))
        .map(|found| Rest { place: place(found), shell: found.shell, command: found.range, kind: found.kind.clone() })
        .collect()
}

struct Found {
    shell: usize,
    range: TextRange,
    kind: RestKind,
}

/// How deep functions that call functions are followed.
const MOST_CALLS: usize = 4;

struct Finder<'v> {
    values: &'v BTreeSet<String>,
    path: Option<&'v str>,
    found: Vec<Found>,
    /// The bodies of the functions of the shell text that is looked at.
    functions: BTreeMap<String, &'v [Body]>,
    /// The descriptors that it opens for all commands behind.
    opened: Vec<Opened>,
    /// How many calls are followed at the moment.
    calls: usize,
    /// Whether what is printed becomes part of a word, whose command is looked at by itself.
    is_captured: bool,
}

impl<'v> Finder<'v> {
    /// `outer` is what gets the output of the compound around.
    fn items(&mut self, items: &'v [Item], shell: usize, outer: &[Link<'v>]) {
        with_outputs(items, outer, false, &mut |command, chain| self.command(command, shell, chain));
    }

    fn command(&mut self, command: &'v Command, shell: usize, chain: &[Link<'v>]) {
        let words = effective_words(command);
        let kind = if self.names_value(command) {
            self.kind_of(command, chain)
        } else if self.path.is_none() && (dumps_environment(&words) || tools::shows_environment(&words)) {
            // What goes to the log is told by the exposures.
            let file = self.goes(command, chain).filter(|kind| matches!(kind, RestKind::File(_)));
            file.or_else(|| {
                let program = words.first().cloned().flatten()?;
                runs_inline_code(&program, &words).then_some(RestKind::NotUnderstood(program))
            })
        } else {
            self.program_with_value(command).or_else(|| self.handed(command))
        };
        let known = |kind: &RestKind| {
            let same = |found: &&Found| found.shell == shell && found.range == command.range && found.kind == *kind;
            self.found.iter().any(|found| same(&found))
        };
        let counts = |kind: &RestKind| !self.is_captured || !matches!(kind, RestKind::Log | RestKind::NotUnderstood(_));
        let kind = kind.filter(|kind| !known(kind) && counts(kind));
        self.found.extend(kind.map(|kind| Found { shell, range: command.range, kind }));
        self.call(command, shell, chain);
    }

    /// Follows a call of a function, whose commands print where the call does.
    fn call(&mut self, command: &Command, shell: usize, chain: &[Link<'v>]) {
        let Some(bodies) = command.effective_name().and_then(|name| self.functions.get(&name).copied()) else { return };
        if self.calls < MOST_CALLS {
            self.calls += 1;
            bodies.iter().for_each(|body| self.items(&body.items, shell, chain));
            self.calls -= 1;
        }
    }

    /// Where what a command prints comes to rest, given that it prints the value.
    fn goes(&self, command: &Command, chain: &[Link<'_>]) -> Option<RestKind> {
        where_it_goes(chain, &self.opened, command.range.start())
    }

    /// The commands that keep what they read from a file with the value: one that an earlier command wrote, or the mounted
    /// one. What becomes of the file does not matter to them.
    fn given_files(&mut self, script: &Script, shell: usize) {
        let written = self.found.iter().filter_map(|found| match &found.kind {
            RestKind::File(path) if found.shell == shell => Some((path.clone(), found.range.end())),
            _ => None,
        });
        let mounted = self.path.map(|path| (path.to_owned(), TextSize::new(0)));
        let mut files: Vec<(String, TextSize)> = written.chain(mounted).collect();
        for context in script.commands() {
            let command = context.command;
            let copies = copied_files(command);
            let known = |source: &String| files.iter().any(|(path, _)| normal(path) == normal(source));
            if copies.as_ref().is_some_and(|(sources, _)| sources.iter().any(known)) {
                files.extend(copies.map(|(_, target)| (target, command.range.end())));
                continue;
            }
            let is_given = |word: &Word| {
                let text = word.lossy();
                files
                    .iter()
                    .any(|(path, from)| command.range.start() >= *from && normal(path_in(&text)) == normal(path))
            };
            let mut inputs = command.redirects.iter().filter(|redirect| redirect.kind == RedirectKind::Read);
            let given = command.words.iter().skip(1).any(is_given) || inputs.any(|redirect| is_given(&redirect.target));
            let known = self.found.iter().any(|found| found.shell == shell && found.range == command.range);
            let kept = (given && !known).then(|| tools::persists(&words_but(command, is_given))).flatten();
            let kept = kept.filter(|kept| kept.codemod == "persisted-credential").map(RestKind::of);
            self.found.extend(kept.map(|kind| Found { shell, range: command.range, kind }));
        }
    }

    /// Whether it prints the mounted file: `cat /run/secrets/token`.
    fn prints_file(&self, command: &Command) -> bool {
        let prints = command.effective_name().is_some_and(|program| tools::prints_files(&program));
        prints && self.path.is_some_and(|path| command.words.iter().skip(1).any(|word| word.lossy() == path))
    }

    fn is_value(&self, word: &Word) -> bool {
        self.values.iter().any(|value| word.mentions(value)) || self.path.is_some_and(|path| reads_in_place(word, path))
    }

    fn names_value(&self, command: &Command) -> bool {
        let names = |word: &Word| self.is_value(word);
        command.words.iter().any(names)
            || self.prints_file(command)
            || self.values.iter().any(|value| tools::fills_in(&effective_words(command), value))
            || self.values.iter().any(|value| tools::logs_in_with(&effective_words(command), value))
            || self.values.iter().any(|value| tools::prints_variable(&effective_words(command), value))
            || command
                .redirects
                .iter()
                .any(|redirect| names(&redirect.target) || redirect.heredoc.as_ref().is_some_and(names))
    }

    fn kind_of(&self, command: &Command, chain: &[Link<'_>]) -> Option<RestKind> {
        let words = effective_words(command);
        if let Some(kept) = tools::persists(&words_but(command, |word| self.is_value(word))) {
            return Some(RestKind::of(kept));
        }
        let fed = || command.redirects.iter().filter_map(|one| one.heredoc.as_ref().or(Some(&one.target)));
        let by_option = || written_by_option(command).filter(|_| fed().any(|word| self.is_value(word)));
        if let Some(file) = written_by_sed(command).or_else(|| written_by_awk(command)).or_else(by_option) {
            return Some(RestKind::File(file));
        }
        if let Some(kind) = answer::of(command, chain, || self.goes(command, chain), |word| self.is_value(word)) {
            return Some(kind);
        }
        let program = words.first().cloned().flatten()?;
        if tools::logs(&words) || self.values.iter().any(|value| tools::prints_variable(&words, value)) {
            return self.goes(command, chain);
        }
        if self.names_download(command, &program) {
            let files = vec!["the name of the file that wget makes".to_owned()];
            let remedy = "name the file with `-O`: wget takes the query of the address into the name".to_owned();
            return Some(RestKind::Tool { files, remedy, codemod: "persisted-credential", repeatable: false });
        }
        let silent = matches!(
            program.as_str(),
            "export" | "local" | "readonly" | "declare" | "[" | "test" | ":" | "set" | "read" | "readarray" | "mapfile"
        );
        (!silent && !tools::passes_through(&words)).then_some(RestKind::NotUnderstood(program))
    }

    /// The program of which nothing is known that gets the value under another name, in its own environment: `TOKEN=$VALUE program`,
    /// also a script that is fetched: `TOKEN=$VALUE sh -c "$(curl …)"`, `curl … | TOKEN=$VALUE sh`.
    fn handed(&self, command: &Command) -> Option<RestKind> {
        if !command.assignments.iter().any(|one| self.is_value(&one.value)) {
            return None;
        }
        let words = effective_words(command);
        let program = words.first().cloned().flatten()?;
        let is_fetched = || {
            let arguments = command.effective_arguments();
            let inline =
                arguments.iter().flat_map(|word| &word.parts).any(|part| matches!(part.kind, PartKind::Command(_)));
            inline || arguments.iter().all(|word| word.lossy().starts_with('-'))
        };
        let unknown = tools::tool(&words).is_none() && !program.contains('/');
        let counts = unknown || (dialect_of(&program).is_some() && is_fetched());
        counts.then_some(RestKind::NotUnderstood(program))
    }

    /// The interpreter that runs a program, written out in the RUN, which asks the environment for the value.
    fn program_with_value(&self, command: &Command) -> Option<RestKind> {
        let words = effective_words(command);
        let program = words.first().cloned().flatten()?;
        let asks = |word: &Word| self.values.iter().any(|value| tools::references(&word.lossy(), value));
        let mut bodies = command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
        let inline = runs_inline_code(&program, &words) && command.words.iter().any(asks);
        let fed = is_interpreter(&program) && bodies.any(asks);
        (inline || fed).then_some(RestKind::NotUnderstood(program))
    }

    /// Whether the value is in the query of an address after which wget names a file (wget(1), `-O`; experiment: wget 1.21).
    fn names_download(&self, command: &Command, program: &str) -> bool {
        let named = |word: &Word| {
            let text = word.lossy();
            let short = text.starts_with('-') && !text.starts_with("--");
            text.starts_with("--output-document") || (short && text.contains('O')) || text == "--spider"
        };
        let in_query = |word: &Word| word.lossy().contains('?') && self.values.iter().any(|value| word.mentions(value));
        program == "wget" && !command.words.iter().any(named) && command.words.iter().any(in_query)
    }
}

/// Whether the path of a file lies below the folder, as both are written.
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    let inside = path.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
    inside && !path.contains("..")
}

/// The functions that a script defines, with their bodies.
fn functions(items: &[Item]) -> BTreeMap<String, &[Body]> {
    let mut found = BTreeMap::new();
    for item in items {
        let Node::Compound(compound) = &item.node else { continue };
        match (&compound.name, compound.kind) {
            (Some(name), CompoundKind::Function) => {
                found.insert(name.clone(), compound.bodies.as_slice());
            }
            _ => compound.bodies.iter().for_each(|body| found.extend(functions(&body.items))),
        }
    }
    found
}

/// The words of a command without wrappers, with nothing in the place of those that hold the value: only these are asked
/// whether they are kept.
fn words_but(command: &Command, is_value: impl Fn(&Word) -> bool) -> Vec<Option<String>> {
    let words = command.words.iter().skip(command.effective().index);
    let parts = words.flat_map(|word| {
        let text = word.lossy();
        match text.split_once('=') {
            _ if !is_value(word) => vec![Some(text)],
            // The option itself says what becomes of its value.
            Some((option, _)) if option.starts_with("--") && !option.contains('$') => {
                vec![Some(option.to_owned()), None]
            }
            _ => vec![None],
        }
    });
    parts.collect()
}

/// The sources and the target of a copy.
fn copied_files(command: &Command) -> Option<(Vec<String>, String)> {
    let program = command.effective_name()?;
    let words = command.words.iter().skip(command.effective().index + 1).map(Word::lossy);
    let mut operands: Vec<String> = words.filter(|word| !word.starts_with('-')).collect();
    if matches!(program.as_str(), "cp" | "mv" | "install") {
        let target = operands.pop()?;
        return Some((operands, target));
    }
    let target = command.redirects.iter().filter_map(written_file).next_back()??;
    tools::prints_files(&program).then_some((operands, target))
}

/// The path in an operand: `--key-file=PATH`, `file://PATH`, `@PATH`.
fn path_in(operand: &str) -> &str {
    let value = operand.split_once('=').filter(|_| operand.starts_with('-')).map_or(operand, |(_, value)| value);
    let value = value.strip_prefix("file://").unwrap_or(value);
    value.strip_prefix('@').unwrap_or(value)
}

/// The flags with which an interpreter is given its program as a word; `None` for other programs.
fn inline_flags(program: &str) -> Option<&'static [&'static str]> {
    let name = program.rsplit('/').next()?.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.');
    match name {
        "node" | "nodejs" | "deno" | "bun" => Some(&["-e", "--eval", "-p", "--print", "eval"]),
        "python" => Some(&["-c"]),
        "ruby" | "perl" => Some(&["-e", "-ne", "-pe", "-E"]),
        "php" => Some(&["-r"]),
        _ => None,
    }
}

/// Whether it is the interpreter of a language other than the shell's.
pub(super) fn is_interpreter(program: &str) -> bool {
    inline_flags(program).is_some()
}

/// Whether an interpreter is given its program as a word. What the program does with the value is not looked into.
fn runs_inline_code(program: &str, words: &[Option<String>]) -> bool {
    let flags = inline_flags(program).unwrap_or_default();
    words.iter().skip(1).flatten().any(|word| flags.contains(&word.as_str()))
}

/// One spelling for a path: the home folder as `~`, no `./` in front.
pub(super) fn normal(path: &str) -> String {
    let path = path.trim_start_matches("./");
    for home in ["/root/", "$HOME/", "${HOME}/"] {
        if let Some(rest) = path.strip_prefix(home) {
            return format!("~/{rest}");
        }
    }
    path.to_owned()
}
