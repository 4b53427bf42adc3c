//! Builds in text that another program is given: `sh -c '…'`, which can be followed, and `ssh host '…'`, which can't.

use std::rc::Rc;

use super::super::command::{Piece, UNKNOWN};
use super::super::{Argument, ArgumentValue, Build, Dockerfiles};
use super::Site;
use super::found::Found;
use super::state::State;
use super::walk::{Walk, name};
use crate::source::TextRange;
use crate::syntax::shell::{Command, Environment, Part, PartKind, RedirectKind, Script, nested};

/// Programs that only show or search text.
const TALKERS: &[&str] = &[
    "echo",
    "printf",
    "grep",
    "sed",
    "awk",
    "info",
    "log",
    "warn",
    "error",
    "die",
    "usage",
    "git",
    "write-host",
    "write-output",
    "write-verbose",
    "write-warning",
    "write-error",
    "write-information",
];

/// Records a build that stands in the words or the heredoc of `command`.
pub(super) fn look(walk: &mut Walk<'_>, command: &Command, state: &State) {
    let name = name(command).unwrap_or_default();
    if TALKERS.contains(&name.to_ascii_lowercase().as_str()) {
        return;
    }
    if follow(walk, command, state) {
        return;
    }
    let to_file = command.redirects.iter().any(|redirect| redirect.kind == RedirectKind::Write);
    let words = command.words.iter().filter(|word| word.range.len() > 20.into()).map(|word| (word.range, word.lossy()));
    let heredocs = command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
    let heredocs = heredocs.filter(|_| name != "cat" || to_file).map(|word| (word.range, word.lossy()));
    let texts: Vec<(TextRange, String)> = words.chain(heredocs).collect();
    for (range, text) in texts {
        if mentions_build(&text)
            && let Some(found) = unread(walk.site, command.range, range, &text, &program(&name))
        {
            walk.found.push(found);
        }
    }
}

/// Walks through the text of a nested shell. Says whether it did.
fn follow(walk: &mut Walk<'_>, command: &Command, state: &State) -> bool {
    let Some(nested) = nested(walk.site.view.text(), &walk.site.view, command) else { return false };
    let script = nested.script();
    let keeps = nested.environment == Environment::Kept;
    let site = Site { view: Rc::new(nested.view), dialect: nested.dialect, ..walk.site.clone() };
    let mut inner = state.clone();
    if nested.outer.is_empty() {
        Rc::make_mut(&mut inner.bindings).retain(|_, binding| binding.exported);
    }
    // The words of the outer script are of another text; what they read is known all the same.
    Rc::make_mut(&mut inner.bindings).values_mut().for_each(|binding| binding.pieces.clear());
    let mut found = Walk::new(&site, walk.around, walk.clean && script.clean).run_from(&script.items, inner);
    found.iter_mut().for_each(|found| found.cleared |= !keeps);
    walk.found.extend(found);
    true
}

/// The build of `eval "$COMMAND"` or `bash -c "$COMMAND"`, where the script has put the command into that variable: its words are
/// those into which the shell splits it.
pub(super) fn of_variable(walk: &Walk<'_>, command: &Command, pieces: &[Piece], state: &State) -> Option<Found> {
    let texts: Vec<&str> = pieces.iter().map_while(Piece::text).collect();
    let (is_evaluated, word) = match (texts.as_slice(), command.words.as_slice()) {
        (["eval", ..], [_, word]) => (true, word),
        (["sh" | "bash" | "/bin/sh" | "/bin/bash", "-c", ..], [_, _, word]) => (false, word),
        _ => return None,
    };
    let [Part { kind: PartKind::Variable(variable), .. }] = word.parts.as_slice() else { return None };
    let binding = state.bindings.get(&variable.name).filter(|binding| binding.assigned && !binding.array)?;
    // The shell that reads it takes quotes in it for quotes, and goes on behind an operator.
    let plain = |piece: &Piece| {
        piece.texts.iter().all(|text| !text.contains(['"', '\'', '\\', ';', '&', '|', '<', '>', '`', '(']))
    };
    if variable.operator.is_some() || !binding.pieces.iter().all(plain) {
        return None;
    }
    let pieces: Vec<Piece> = binding.pieces.iter().map(|piece| Piece { site: word.range, ..piece.clone() }).collect();
    let found = super::found::build(walk, command, &pieces, state)?;
    Some(Found { options: None, evaluated: is_evaluated, ..found })
}

/// Whether a text calls a program that builds and passes it an argument.
fn mentions_build(text: &str) -> bool {
    let programs = ["docker ", "docker-compose ", "podman ", "buildah ", "nerdctl ", "buildctl ", "kaniko/executor"];
    text.contains("--build-arg") && programs.iter().any(|program| text.contains(program))
}

/// How a program is called in a sentence.
fn program(name: &str) -> String {
    if name.is_empty() { "the text for another program".to_owned() } else { format!("the text for `{name}`") }
}

/// Options that a script collects but hands to no build that is seen: exported for another script, perhaps.
pub(super) fn unused(site: &Site<'_>, script: &Script, found: &[Found]) -> Vec<Found> {
    let seen = |at: TextRange| {
        let Some(host) = site.view.host_range(at) else { return true };
        found.iter().any(|one| {
            let arguments = one.build.arguments.iter().map(|argument| argument.range);
            host.contains_range(one.build.range)
                || arguments.chain([one.build.range]).any(|range| range.intersect(host).is_some())
        })
    };
    let mut unused = Vec::new();
    for context in script.commands() {
        let command = context.command;
        let declares =
            name(command).is_some_and(|name| matches!(name.as_str(), "export" | "local" | "declare" | "readonly"));
        // What a build hands on unread is told of that build.
        let is_handed_on = |name: &str| {
            let mut opaque = found.iter().filter_map(|one| one.build.opaque.as_deref());
            opaque.any(|text| text.trim_start_matches(['"', '$', '{']).strip_prefix(name).is_some_and(ends_a_name))
        };
        let values = command.assignments.iter().filter(|assignment| !is_handed_on(&assignment.name));
        let values = values.map(|assignment| (assignment.range, &assignment.value));
        let words = command.words.iter().skip(1).filter(|_| declares).map(|word| (word.range, word));
        for (at, word) in values.chain(words) {
            let text = word.lossy();
            if text.contains("--build-arg") && !seen(at) {
                let title = "options that no build in this file takes";
                unused.extend(unread(site, command.range, at, &text, title));
            }
        }
    }
    unused
}

fn unread(site: &Site<'_>, command: TextRange, at: TextRange, text: &str, title: &str) -> Option<Found> {
    let range = site.view.host_range(at)?;
    let names = text.split("--build-arg").skip(1).filter_map(argument_name);
    let argument = |name| Argument { name, value: ArgumentValue::Composite, range, shared: false };
    let build = Build {
        dockerfiles: Dockerfiles::Unknown(title.to_owned()),
        arguments: names.map(argument).collect(),
        opaque: Some(title.to_owned()),
        ..Build::at(site.format, site.file, range, title.to_owned())
    };
    Some(Found {
        view: Rc::clone(&site.view),
        build,
        family: None,
        arguments: Vec::new(),
        prefix: command.start(),
        assigned: Vec::new(),
        sudo: None,
        handed_on: false,
        elevation: None,
        cleared: false,
        nounset: false,
        clean: false,
        guessed: None,
        options: None,
        context: None,
        must_ask: None,
        replaces_secrets: false,
        evaluated: false,
    })
}

/// Whether `rest` goes on behind a whole name.
fn ends_a_name(rest: &str) -> bool {
    !rest.starts_with(|char: char| char == '_' || char.is_ascii_alphanumeric())
}

/// The name behind `--build-arg`.
fn argument_name(text: &str) -> Option<String> {
    let text = text.trim_start_matches(|char: char| char.is_whitespace() || matches!(char, '=' | '"' | '\'' | '\\'));
    let name: String = text.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect();
    (!name.is_empty() && !name.contains(UNKNOWN)).then_some(name)
}
