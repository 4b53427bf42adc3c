//! What of the repository a command runs: scripts, recipes of make, scripts of package managers, programs; and what these do
//! with a value.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::{make, package_json};
use crate::knowledge::{tools, writing};
use crate::source::{Source, TextRange, range, size};
use crate::syntax::shell::{self, Command, Dialect, Word};
use crate::syntax::view::{Quoting, View};

use super::exposure::{ExposureKind, Holders, exposures, is_traceable};
use super::fate::Fates;
use super::reading::{MOST_SCRIPT_DEPTH, Reader, effective_words};
use super::rest::{Rest, RestKind, is_below, is_interpreter, output_files, rests_of};
use super::run::{Form, Run, mentions};

/// Something of the repository that a command runs.
#[derive(Debug)]
enum Started<'r> {
    /// Text for a shell, and the variables of it that hold a value given by the command's words.
    Script(Script<'r>),
    /// A program in another language, which nobody here reads.
    Program(&'r Source),
}

#[derive(Debug)]
struct Script<'r> {
    source: &'r Source,
    run: Run,
    /// The variables in it that hold the value.
    values: BTreeSet<String>,
    /// Whether make prints the commands, with make's variables filled in.
    of_make: bool,
    /// Whether the shell is told to print the commands.
    traced: bool,
}

/// What something of the repository that a RUN runs does with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptRest {
    /// The file that holds it.
    pub file: Utf8PathBuf,
    /// Where in that file.
    pub place: TextRange,
    /// What it does.
    pub kind: ScriptRestKind,
}

/// What a script or program of the repository does with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptRestKind {
    /// Its shell text does this.
    Shell(RestKind),
    /// Its shell text builds the value into a program.
    BuiltIn,
    /// It is a program in another language that names the value's variable and writes files, there or elsewhere.
    Program,
    /// It is a program in another language that names the value's variable, and what it prints goes to this file.
    Printed(String),
}

/// The shell that reads a script, by its first line, else by its name; `None` for other programs.
pub(super) fn dialect_of(script: &Source) -> Option<Dialect> {
    match script.text().starts_with("#!") {
        true => shell::dialect_of(script.text()),
        false => matches!(script.path().extension(), Some("sh" | "bash" | "ash")).then_some(Dialect::Bash),
    }
}

/// In how many files a goal of make or a script of a package manager is looked for.
const MOST_FILES: usize = 16;

impl<'r> Reader<'r> {
    /// What the scripts and programs of the repository that `run` runs do with the value of the variable `name`.
    #[must_use]
    pub fn script_rests(&self, run: &Run, name: &str) -> Vec<ScriptRest> {
        let mut finder = Finder { reader: self, seen: BTreeSet::new(), found: Vec::new(), output: None };
        finder.follow(run, &BTreeSet::from([name.to_owned()]), &|_| false, 0);
        finder.found
    }

    /// What of the repository a command of these words runs, where `holds` says which of its words hold the value.
    fn started(&self, words: &[Option<String>], holds: &dyn Fn(usize) -> bool) -> Vec<Started<'r>> {
        let Some(program) = words.first().and_then(Option::as_deref) else { return Vec::new() };
        match program.rsplit('/').next().unwrap_or("") {
            "make" | "gmake" => self.recipes(words, holds),
            "npm" | "yarn" | "pnpm" | "bun" => self.package_scripts(words, "package.json"),
            "composer" => self.package_scripts(words, "composer.json"),
            _ => self.file_started(words, holds).into_iter().collect(),
        }
    }

    fn file_started(&self, words: &[Option<String>], holds: &dyn Fn(usize) -> bool) -> Option<Started<'r>> {
        let program = words.first()?.as_deref()?;
        let Some(source) = self.script_of(words) else {
            let operand = words.iter().skip(1).flatten().find(|word| word.contains('.') && !word.starts_with('-'));
            let operand = operand.filter(|_| is_interpreter(program));
            return operand.and_then(|path| self.file_like(path)).map(Started::Program);
        };
        let by_shell = shell::dialect_of(program).is_some() || matches!(program, "." | "source");
        if !by_shell && dialect_of(source).is_none() {
            return Some(Started::Program(source));
        }
        let all = range(0, source.text().len());
        let run = Run::of_script(View::verbatim(source.text(), all, Quoting::Lines));
        // The operand that is the script, and those behind it are its parameters (POSIX.1-2024, XCU sh).
        let is_script = |word: &Option<String>| word.as_deref().is_some_and(|word| !word.starts_with('-'));
        let at = if by_shell { words.iter().skip(1).position(is_script)? + 1 } else { 0 };
        let given = (at + 1..words.len()).filter(|index| holds(*index));
        let mut values: BTreeSet<String> = given.map(|index| (index - at).to_string()).collect();
        if !values.is_empty() {
            values.extend(["@", "*"].map(str::to_owned));
        }
        let traced = match source.text().lines().next().filter(|line| line.starts_with("#!")) {
            _ if by_shell => tools::logs(words.get(..at)?),
            Some(line) => {
                let options = line.split_whitespace().skip(1);
                tools::logs(&std::iter::once("sh").chain(options).map(|word| Some(word.to_owned())).collect::<Vec<_>>())
            }
            None => false,
        };
        Some(Started::Script(Script { source, run, values, of_make: false, traced }))
    }

    /// The files of these names around the Dockerfile, those in its own folder and above it first, then those that lie least deep.
    fn nearest(&self, names: &[&str]) -> Vec<&'r Source> {
        let mut near = self.near(names);
        near.sort_by_key(|source| {
            (
                !self.home().starts_with(source.path().parent().unwrap_or(Utf8Path::new(""))),
                source.path().components().count(),
            )
        });
        near.truncate(MOST_FILES);
        near
    }

    /// The recipes that make runs (GNU make manual, "Options Summary" and "Goals").
    fn recipes(&self, words: &[Option<String>], holds: &dyn Fn(usize) -> bool) -> Vec<Started<'r>> {
        let (mut goals, mut values) = (Vec::new(), BTreeSet::new());
        let (mut file, mut folder) = (None, Utf8Path::new(""));
        let mut rest = words.iter().map(|word| word.as_deref().unwrap_or("")).enumerate().skip(1);
        while let Some((at, word)) = rest.next() {
            match word {
                "-f" | "--file" | "--makefile" => file = rest.next().map(|(_, word)| word),
                "-C" | "--directory" => folder = Utf8Path::new(rest.next().map_or("", |(_, word)| word)),
                _ if word.starts_with('-') => {}
                _ => match word.split_once('=') {
                    Some((name, _)) if holds(at) => {
                        let name = name.trim_end_matches([':', '?', '+']);
                        values.extend([name.to_owned(), make::stand_in(name)]);
                    }
                    Some(_) => {}
                    None => goals.push(word),
                },
            }
        }
        let below = folder.as_str().trim_start_matches("./").trim_start_matches('/');
        let mut makefiles: Vec<&'r Source> = match file {
            Some(file) => self.file_like(file).into_iter().collect(),
            None => self.nearest(&["GNUmakefile", "makefile", "Makefile"]),
        };
        makefiles.retain(|source| source.path().parent().is_some_and(|folder| folder.ends_with(below)));
        if goals.is_empty() && makefiles.len() > 1 {
            makefiles.retain(|source| source.path().parent() == Some(self.home()));
        }
        let of = |source: &'r Source| make::recipes(source, &goals).into_iter().map(move |view| (source, view));
        let script = |(source, view): (&'r Source, View)| {
            let values = values.clone();
            Started::Script(Script { source, run: Run::of_script(view), values, of_make: true, traced: false })
        };
        makefiles.into_iter().flat_map(of).map(script).collect()
    }

    /// The scripts that a package manager runs by their names.
    fn package_scripts(&self, words: &[Option<String>], manifest: &str) -> Vec<Started<'r>> {
        let without = |word: &Option<String>| matches!(word.as_deref(), Some("--ignore-scripts" | "--no-scripts"));
        if words.iter().any(without) {
            return Vec::new();
        }
        let operands: Vec<&str> = words.iter().skip(1).flatten().map(String::as_str).collect();
        let mut found = Vec::new();
        for source in self.nearest(&[manifest]) {
            let scripts = package_json::scripts(source.text());
            let names =
                tools::scripts_run(words.first().and_then(Option::as_deref).unwrap_or(""), &operands, &|name| {
                    scripts.iter().any(|(known, _)| known == name)
                });
            let run = scripts.into_iter().filter(|(name, _)| names.contains(name));
            found.extend(run.map(|(_, view)| {
                let (run, values) = (Run::of_script(view), BTreeSet::new());
                Started::Script(Script { source, run, values, of_make: false, traced: false })
            }));
        }
        found
    }
}

struct Finder<'f, 'r> {
    reader: &'f Reader<'r>,
    /// The scripts that were looked at, by file and text.
    seen: BTreeSet<(Utf8PathBuf, String)>,
    found: Vec<ScriptRest>,
    /// The file that stays and that gets what is printed, as far as it is not the build log.
    output: Option<String>,
}

impl<'r> Finder<'_, 'r> {
    /// `gone` says whether somebody removes a file afterwards that is written now.
    fn follow(&mut self, run: &Run, values: &BTreeSet<String>, gone: &dyn Fn(&str) -> bool, depth: usize) {
        if depth > MOST_SCRIPT_DEPTH {
            return;
        }
        let values = run.derived_from(values.clone());
        if let (Form::Exec(arguments), true) = (&run.form, run.shells.is_empty()) {
            let words: Vec<Option<String>> = arguments.iter().cloned().map(Some).collect();
            let started = self.reader.started(&words, &|_| false);
            started.into_iter().for_each(|one| self.look_at(one, &values, run, gone, depth));
        }
        for shell in &run.shells {
            let fates = Fates::of(&shell.script);
            let outputs = output_files(&shell.script);
            for command in shell.script.commands().into_iter().map(|context| context.command) {
                let own: Vec<&Word> = command.words.iter().skip(command.effective().index).collect();
                let holds = |at: usize| own.get(at).is_some_and(|word| values.iter().any(|value| word.mentions(value)));
                let gone = |path: &str| gone(path) || fates.is_gone(path, command.range);
                let output = outputs.iter().find(|(range, _)| *range == command.range).map(|(_, path)| path);
                let is_temporary = |path: &str| run.temporary.iter().any(|folder| is_below(path, folder));
                let around = self.output.clone();
                if let Some(path) = output {
                    self.output = (!gone(path) && !is_temporary(path)).then(|| path.clone());
                }
                for started in self.reader.started(&effective_words(command), &holds) {
                    self.look_at(started, &values, run, &gone, depth);
                }
                self.output = around;
            }
        }
    }

    fn look_at(
        &mut self,
        started: Started<'r>,
        values: &BTreeSet<String>,
        outer: &Run,
        gone: &dyn Fn(&str) -> bool,
        depth: usize,
    ) {
        // Parameters are those of one script.
        let named =
            values.iter().filter(|value| value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'));
        let named: BTreeSet<String> = named.cloned().collect();
        match started {
            Started::Program(source) => self.program(source, &named),
            Started::Script(mut script) => {
                if !self.seen.insert((script.source.path().to_owned(), script.run.text.clone())) {
                    return;
                }
                if script.of_make {
                    script.values.extend(named.iter().map(|name| make::stand_in(name)));
                }
                script.values.extend(named);
                script.run.temporary = outer.temporary.clone();
                self.shell(&script, gone);
                self.follow(&script.run, &script.values, gone, depth + 1);
            }
        }
    }

    fn program(&mut self, source: &Source, values: &BTreeSet<String>) {
        let names = values.iter().any(|value| mentions(source.text(), value));
        let writes = writing::writes_file(source.text()).map(|at| (at, ScriptRestKind::Program));
        let prints = self.output.clone().map(|path| (0, ScriptRestKind::Printed(path)));
        for (at, kind) in writes.into_iter().chain(prints).filter(|_| names) {
            self.found.push(ScriptRest { file: source.path().to_owned(), place: TextRange::empty(size(at)), kind });
        }
    }

    fn shell(&mut self, script: &Script<'r>, gone: &dyn Fn(&str) -> bool) {
        let file = script.source.path();
        let stays = |rest: &Rest| match &rest.kind {
            RestKind::File(path) => !gone(path),
            RestKind::Tool { files, .. } => files.iter().any(|path| !gone(path)),
            RestKind::Hashed(_) | RestKind::Log | RestKind::NotUnderstood(_) => true,
        };
        let mut found: Vec<(Option<TextRange>, RestKind)> = Vec::new();
        let rests = rests_of(&script.run, &script.values).into_iter().filter(stays);
        found.extend(rests.map(|rest| (rest.place, rest.kind)));
        found.extend(self.printed(script).map(|place| (Some(place), RestKind::Log)));
        let embeds = |place: Option<TextRange>| {
            let shell = script.run.shells.first();
            let commands = shell.into_iter().flat_map(|shell| shell.script.commands());
            commands.into_iter().any(|context| {
                let words: Vec<String> = effective_words(context.command).into_iter().flatten().collect();
                tools::embeds(&words)
                    && shell.and_then(|it| it.view.as_ref()?.host_range(context.command.range)) == place
            })
        };
        for (place, kind) in found {
            let kind = match kind {
                RestKind::NotUnderstood(_) if embeds(place) => ScriptRestKind::BuiltIn,
                RestKind::Log => {
                    let kind = self.output.clone().map_or(RestKind::Log, RestKind::File);
                    ScriptRestKind::Shell(kind)
                }
                kind => ScriptRestKind::Shell(kind),
            };
            let rest = ScriptRest { file: file.to_owned(), place: place.unwrap_or_default(), kind };
            if !self.found.contains(&rest) {
                self.found.push(rest);
            }
        }
    }

    /// Where whoever runs the script prints a command of it with the value.
    fn printed(&self, script: &Script<'r>) -> Option<TextRange> {
        let run = &script.run;
        let values = run.derived_from(script.values.clone());
        let place = |shell: usize, at: TextRange| run.shells.get(shell)?.view.as_ref()?.host_range(at);
        let holders = Holders::of_variables(run, script.values.clone());
        let traced = exposures(run, &holders).into_iter().find(|one| one.kind == ExposureKind::Traced);
        if let Some(traced) = traced {
            return place(traced.shell, traced.command);
        }
        let names = |command: &Command, values: &[&String]| {
            values.iter().any(|value| command.words.iter().any(|word| word.mentions(value)))
        };
        let commands = || run.shells.iter().take(1).flat_map(|shell| shell.script.commands());
        if script.traced && is_traceable(run, &holders) {
            let all: Vec<&String> = values.iter().collect();
            let shown = commands().find(|context| names(context.command, &all));
            return shown.and_then(|context| place(0, context.command.range));
        }
        if !script.of_make {
            return None;
        }
        let filled_in: Vec<&String> = values.iter().filter(|value| make::is_stand_in(value)).collect();
        let shown = commands().filter(|context| names(context.command, &filled_in));
        let mut places = shown.filter_map(|context| place(0, context.command.range));
        places.find(|at| make::is_echoed(script.source.text(), usize::from(at.start())))
    }
}
