//! A build that a script runs, with all that a rewrite has to know of the place.

use std::rc::Rc;

use super::super::command::{BuildArgument, BuildCommand, Family, Operand, Piece, SecretFlag, is_name};
use super::super::location::{inside, join};
use super::super::{Argument, ArgumentValue, Build, Builder, Dockerfiles, PassedSecret, SecretValue, Surroundings};
use super::composed;
use super::engine::{Environment, builder, clears, elevation, must_ask, sudo};
use super::expand::Evaluator;
use super::place::Start;
use super::state::{Provision, State};
use super::walk::Walk;
use super::wrapper::{Wrapped, wrapped};
use super::{Foreign, Site};
use crate::knowledge::values::{ValueVerdict, classify_value};
use crate::source::{TextRange, TextSize, slice};
use crate::syntax::shell::{Command, Node, PartKind, RedirectKind, Script, Variable, Word};
use crate::syntax::view::View;

/// A build in a script. Ranges are of the view, those of `build` of the file.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The text it is in.
    pub view: Rc<View>,
    /// What callers are told.
    pub build: Build,
    /// What is called; `None` where the command is text that another program is given.
    pub family: Option<Family>,
    /// The build arguments, in the order of `build.arguments`.
    pub arguments: Vec<FoundArgument>,
    /// Where assignments for this one command go.
    pub prefix: TextSize,
    /// The variables that the command line itself assigns.
    pub assigned: Vec<String>,
    /// Where `sudo` ends, if it stands in front and does not keep the environment.
    pub sudo: Option<TextSize>,
    /// Whether the command is what a function is called with, which it runs for other commands as well: `"$@"`.
    pub handed_on: bool,
    /// What decides whether `sudo` or the like runs it, where that can't be told.
    pub elevation: Option<String>,
    /// Whether `env -i` empties the environment.
    pub cleared: bool,
    /// Whether `set -u` is on.
    pub nounset: bool,
    /// Whether all of the text around it was understood.
    pub clean: bool,
    /// The program as written, if it is a variable of unknown value.
    pub guessed: Option<String>,
    /// Behind the subcommand: where an option may go.
    pub options: Option<TextSize>,
    /// The build context.
    pub context: Option<Operand>,
    /// What says that `DOCKER_BUILDKIT=1` has to stand in front.
    pub must_ask: Option<String>,
    /// Whether it gives targets of bake other secrets than their file does.
    pub replaces_secrets: bool,
    /// Whether `eval` runs it: POSIX leaves open whether an assignment in front of that reaches what it runs.
    pub evaluated: bool,
}

/// A build argument and where its value comes from.
#[derive(Debug, Clone)]
pub(super) struct FoundArgument {
    /// As it is written.
    pub written: BuildArgument,
    /// Where its variable comes from, if it is one.
    pub provision: Provision,
    /// Whether the script gives that variable one fixed value.
    pub fixed: bool,
    /// The variable that an assignment in front of the command can give the value: that of the argument's name, or another
    /// one where the script allows no assignment to that.
    pub assignable: String,
    /// The variable in its value that has another value by the time of the command than where the option was collected.
    pub changed: Option<String>,
    /// Whether it is passed in some runs only.
    pub maybe: bool,
}

/// The build that `command` is, if it is one.
pub(super) fn build(walk: &Walk<'_>, command: &Command, pieces: &[Piece], state: &State) -> Option<Found> {
    let mut parsed = BuildCommand::recognise(pieces)?;
    let wrapped = wrapped(walk, &parsed, pieces, state);
    match wrapped {
        Some(_) => parsed.program.family = Family::Docker,
        None if parsed.program.family == Family::Other && parsed.arguments.is_empty() && !parsed.secrets.is_empty() => {
            return None;
        }
        None => {}
    }
    let site = walk.site;
    let range = site.view.host_range(command.range)?;
    let wrappers = pieces.get(..parsed.program.index).unwrap_or_default();
    let program = pieces.get(parsed.program.index).map(|piece| written(site, piece.site)).unwrap_or_default();
    let guessed = parsed.program.guessed.then(|| program.clone());
    let assigned = assigned(command, wrappers);
    let arguments = parsed.arguments.iter();
    let arguments = arguments.filter_map(|argument| {
        Some((told(site, argument, command.range)?, found_argument(argument, pieces, state, &assigned)))
    });
    let (told, arguments): (Vec<Argument>, Vec<FoundArgument>) = arguments.unzip();
    let subcommand = parsed.program.operands.checked_sub(1).and_then(|last| pieces.get(last));
    let environment = Environment { evaluator: Evaluator { site, state }, command, wrappers };
    let must_ask = must_ask(&parsed, &environment);
    let own = Build {
        range,
        builder: builder(&parsed, &program, &environment),
        arguments: told,
        ..describe(walk, command, &parsed, guessed.as_deref(), state)
    };
    let build = match parsed.program.family {
        Family::Compose if own.arguments.is_empty() => of_compose(own, &parsed, pieces, &environment, walk.around)?,
        _ => own,
    };
    let build = match wrapped {
        Some(Wrapped { script, build: inner }) => Build {
            title: format!("{script} (`{}`)", inner.title),
            dockerfiles: inner.dockerfiles,
            context: inner.context,
            target: build.target.or(inner.target),
            builder: inner.builder,
            ..build
        },
        None => build,
    };
    Some(Found {
        view: Rc::clone(&site.view),
        build,
        family: Some(parsed.program.family),
        arguments,
        prefix: prefix_place(command, pieces),
        assigned,
        sudo: sudo(wrappers),
        handed_on: pieces
            .get(parsed.program.index)
            .is_some_and(|program| command.words.iter().any(|word| word.range == program.site && word.lossy() == "$@")),
        elevation: elevation(&environment, pieces.get(parsed.program.index)),
        cleared: clears(wrappers),
        nounset: state.nounset,
        clean: walk.clean,
        guessed,
        options: subcommand.map(|piece| piece.site.end()),
        context: parsed.context,
        must_ask,
        replaces_secrets: parsed.bake.replaces_secrets,
        evaluated: wrappers.iter().any(|piece| piece.text() == Some("eval")),
    })
}

/// A call of Compose without build arguments, which says something of its builds only where they get no secrets. Words that
/// can't be told may be arguments of `build`.
fn of_compose(
    build: Build,
    parsed: &BuildCommand,
    pieces: &[Piece],
    environment: &Environment<'_>,
    around: &dyn Surroundings,
) -> Option<Build> {
    let Some(sentence) = environment.without_buildkit() else {
        return (build.opaque.is_some() && build.title.ends_with(" build")).then_some(build);
    };
    let directories = &environment.evaluator.state.directories;
    let dockerfiles = composed::dockerfiles(pieces, &parsed.program, directories, &build.title, around);
    Some(Build { dockerfiles, builder: Builder::WithoutSecrets(sentence), ..build })
}

/// What the command line says of the build itself.
fn describe(walk: &Walk<'_>, command: &Command, parsed: &BuildCommand, guessed: Option<&str>, state: &State) -> Build {
    let site = walk.site;
    let title = guessed.unwrap_or(&parsed.program.title).to_owned();
    // Never the whole command: it may hold a credential.
    let telling = parsed.file.as_ref().or(parsed.context.as_ref()).map(|operand| written(site, operand.range));
    let input = command
        .redirects
        .iter()
        .find(|redirect| redirect.kind == RedirectKind::Read)
        .map(|redirect| Operand { range: redirect.range, texts: Evaluator { site, state }.texts(&redirect.target) })
        .or_else(|| piped(walk, command, state));
    let telling = telling.unwrap_or_else(|| title.clone());
    let folders = [&site.folders[..], &state.clones].concat();
    let directories = &state.directories;
    let start = Start { site, directories, folders: &folders, input: input.as_ref(), telling: &telling };
    let place = start.resolve(parsed, walk.around);
    Build {
        dockerfiles: place.dockerfiles,
        context: place.context,
        outside: place.outside,
        target: parsed.target.as_ref().and_then(Operand::text).map(str::to_owned),
        tags: parsed.tags.clone(),
        secrets: parsed.secrets.iter().filter_map(|secret| passed(site, secret)).collect(),
        ssh: parsed.ssh,
        opaque: parsed.opaque.first().map(|at| without_value(&written(site, *at))),
        ..Build::at(site.format, site.file, TextRange::default(), title)
    }
}

/// The Dockerfile that the command in front of a pipe names, whose output is built: `sed … Dockerfile | docker build -`.
fn piped(walk: &Walk<'_>, command: &Command, state: &State) -> Option<Operand> {
    let feeding = walk.feeding?;
    let is_dockerfile = |path: &String| {
        let paths = state.directories.iter().filter_map(|directory| inside(&join(directory, path)));
        paths.into_iter().any(|path| walk.around.dockerfiles().contains(&path))
    };
    let read = feeding.redirects.iter().filter(|redirect| redirect.kind == RedirectKind::Read);
    let words = feeding.words.iter().chain(read.map(|redirect| &redirect.target));
    let named = words.filter_map(Word::literal).find(is_dockerfile)?;
    Some(Operand { range: command.range, texts: vec![named] })
}

/// `text` without what stands behind its first `=`, which may be a credential.
fn without_value(text: &str) -> String {
    text.split_once('=').map_or_else(|| text.to_owned(), |(name, _)| format!("{name}=…"))
}

/// The file's text at a range of the view.
pub(super) fn written(site: &Site<'_>, at: TextRange) -> String {
    site.view.host_range(at).map_or_else(String::new, |host| slice(site.text, host).to_owned())
}

/// Assignments go behind those that are there, but `time` and `!` are no commands: in front of what they run.
fn prefix_place(command: &Command, pieces: &[Piece]) -> TextSize {
    let mut words = command.words.iter();
    let first = words.next();
    let timed = pieces.first().and_then(Piece::text) == Some("time");
    let word = if timed { words.find(|word| word.literal().is_none_or(|text| !text.starts_with('-'))) } else { first };
    word.map_or(command.range.start(), |word| word.range.start())
}

fn assigned(command: &Command, wrappers: &[Piece]) -> Vec<String> {
    let in_words = wrappers.iter().filter_map(Piece::text).filter_map(|text| text.split_once('='));
    let names = command.assignments.iter().map(|assignment| assignment.name.clone());
    names.chain(in_words.map(|(name, _)| name.to_owned()).filter(|name| is_name(name))).collect()
}

fn found_argument(argument: &BuildArgument, pieces: &[Piece], state: &State, assigned: &[String]) -> FoundArgument {
    let mut own = pieces.iter().filter(|piece| argument.range.contains_range(piece.word.range));
    let changed = own.clone().flat_map(|piece| &piece.reads).find(|(name, version)| state.version(name) != *version);
    let variable = argument.value.as_ref().and_then(variable_of).map(|variable| variable.name.clone());
    let name = variable.as_ref().unwrap_or(&argument.name);
    let by_name = argument.value.is_none() && assigned.contains(name);
    let provision = if by_name { Provision::Exported } else { state.provision(name) };
    // `export TOKEN=...` in a README shows where a value goes.
    let is_value = |text: &str| {
        !text.contains(super::UNKNOWN)
            && !matches!(classify_value(text), ValueVerdict::Empty | ValueVerdict::Placeholder)
    };
    let fixed = state
        .bindings
        .get(name)
        .is_some_and(|binding| binding.assigned && binding.texts.iter().any(|text| is_value(text)));
    let readonly = state.bindings.get(&argument.name).is_some_and(|binding| binding.readonly);
    let assignable = if readonly { format!("{}_SECRET", argument.name) } else { argument.name.clone() };
    let (changed, maybe) = (changed.map(|(name, _)| name.clone()), own.any(|piece| piece.maybe));
    FoundArgument { written: argument.clone(), provision, fixed, assignable, changed, maybe }
}

impl Found {
    /// Where assignments for this one command go, in the file.
    pub(super) fn prefix_in_host(&self) -> Option<TextSize> {
        let first = self.view.host_range(TextRange::at(self.prefix, 1.into())).map(TextRange::start);
        first.or_else(|| self.view.piece_start(self.prefix))
    }

    /// The edit that asks for BuildKit in front of the command, with what it takes for granted.
    pub(super) fn ask(&self) -> Option<(TextSize, &'static str, String)> {
        let clause = self.must_ask.as_ref()?;
        let at = self.prefix_in_host()?;
        Some((at, "DOCKER_BUILDKIT=1 ", format!("the image builds with BuildKit as it did without: {clause}")))
    }
}

/// The variable that a value is: alone, guarded (`${V:?}`) or with an empty default (`${V:-}`).
pub(super) fn variable_of(value: &Word) -> Option<&Variable> {
    let mut parts = value.parts.iter().filter(|part| !matches!(&part.kind, PartKind::Text(text) if text.is_empty()));
    let (Some(part), None) = (parts.next(), parts.next()) else { return None };
    let PartKind::Variable(variable) = &part.kind else { return None };
    let plain = match variable.operator.as_deref() {
        None | Some("?" | ":?") => true,
        Some("-" | ":-") => variable.operand.as_deref().is_none_or(|operand| operand.literal().as_deref() == Some("")),
        Some(_) => false,
    };
    (plain && is_name(&variable.name)).then_some(variable)
}

fn told(site: &Site<'_>, argument: &BuildArgument, command: TextRange) -> Option<Argument> {
    Some(Argument {
        name: argument.name.clone(),
        value: value(site, argument.value.as_ref()),
        range: site.view.host_range(argument.range)?,
        shared: !command.contains_range(argument.range),
    })
}

fn value(site: &Site<'_>, value: Option<&Word>) -> ArgumentValue {
    let Some(word) = value else { return ArgumentValue::Inherited };
    if let Some(text) = word.literal() {
        return if text.is_empty() { ArgumentValue::Empty } else { ArgumentValue::Literal(SecretValue::new(text)) };
    }
    if let Some(variable) = variable_of(word) {
        return match site.foreign.get(&variable.name) {
            Some(Foreign::Expression(text)) => ArgumentValue::Expression(text.clone()),
            Some(Foreign::Variable(name) | Foreign::Evaluated(name)) => ArgumentValue::Variable(name.clone()),
            Some(Foreign::Computed) => ArgumentValue::Composite,
            None => ArgumentValue::Variable(variable.name.clone()),
        };
    }
    file_of(word).map_or(ArgumentValue::Composite, |path| ArgumentValue::File(written(site, path.range)))
}

/// The path of a value that is `$(cat path)` or `$(< path)`.
pub(super) fn file_of(value: &Word) -> Option<&Word> {
    let [part] = value.parts.as_slice() else { return None };
    let PartKind::Command(Script { items, .. }) = &part.kind else { return None };
    let [item] = items.as_slice() else { return None };
    let Node::Command(command) = &item.node else { return None };
    let reads = |kind: RedirectKind| kind == RedirectKind::Read;
    match (command.words.as_slice(), command.redirects.as_slice()) {
        ([cat, path], []) if cat.literal().as_deref() == Some("cat") => Some(path),
        ([], [redirect]) if reads(redirect.kind) => Some(&redirect.target),
        ([cat], [redirect]) if cat.literal().as_deref() == Some("cat") && reads(redirect.kind) => {
            Some(&redirect.target)
        }
        _ => None,
    }
}

fn passed(site: &Site<'_>, secret: &SecretFlag) -> Option<PassedSecret> {
    Some(PassedSecret::written(&secret.text, site.view.host_range(secret.range)?))
}

impl Found {
    /// Adds what another run of the same command does: in a loop, in a function that is called again.
    pub(super) fn merge(&mut self, other: Self) {
        for (argument, found) in other.build.arguments.into_iter().zip(other.arguments) {
            match self.build.arguments.iter().position(|known| known.range == argument.range) {
                Some(known) => {
                    if let Some(known) = self.arguments.get_mut(known) {
                        known.changed = known.changed.take().or(found.changed);
                        known.maybe |= found.maybe;
                    }
                }
                None => {
                    self.build.arguments.push(argument);
                    self.arguments.push(found);
                }
            }
        }
        push_new(&mut self.build.secrets, other.build.secrets);
        push_new(&mut self.build.tags, other.build.tags);
        if matches!(other.build.builder, Builder::WithoutSecrets(_)) {
            self.build.builder = other.build.builder;
        }
        if self.build.context != other.build.context {
            self.build.context = None;
        }
        if self.build.target != other.build.target {
            self.build.target = None;
        }
        self.build.ssh |= other.build.ssh;
        self.build.opaque = self.build.opaque.take().or(other.build.opaque);
        self.nounset |= other.nounset;
        self.build.dockerfiles = either(&self.build.dockerfiles, other.build.dockerfiles);
    }
}

fn push_new<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !known.contains(&item) {
            known.push(item);
        }
    }
}

fn either(one: &Dockerfiles, other: Dockerfiles) -> Dockerfiles {
    let paths = |dockerfiles: &Dockerfiles| match dockerfiles {
        Dockerfiles::One(path) => Some(vec![path.clone()]),
        Dockerfiles::Several(paths) => Some(paths.clone()),
        Dockerfiles::Elsewhere | Dockerfiles::Unknown(_) => None,
    };
    match (paths(one), paths(&other)) {
        _ if *one == other => other,
        (Some(mut paths), Some(more)) => {
            paths.extend(more.into_iter().filter(|path| !paths.contains(path)).collect::<Vec<_>>());
            Dockerfiles::Several(paths)
        }
        _ if matches!(one, Dockerfiles::Unknown(_)) => one.clone(),
        (Some(_), None) if other == Dockerfiles::Elsewhere => one.clone(),
        _ => other,
    }
}
