//! Builds in text that another program is given: `sh -c '…'`, which can be followed, and `ssh host '…'`, which can't.

use std::rc::Rc;

use super::super::command::UNKNOWN;
use super::super::{Argument, ArgumentValue, Build, Builder, Dockerfiles};
use super::Site;
use super::found::Found;
use super::state::State;
use super::walk::{Walk, name};
use crate::source::TextRange;
use crate::syntax::shell::{Command, Environment, RedirectKind, nested};

/// Programs that only show or search text.
const TALKERS: &[&str] =
    &["echo", "printf", "grep", "sed", "awk", "info", "log", "warn", "error", "die", "usage", "git"];

/// Records a build that stands in the words or the heredoc of `command`.
pub(super) fn look(walk: &mut Walk<'_>, command: &Command, state: &State) {
    let name = name(command).unwrap_or_default();
    if TALKERS.contains(&name.as_str()) {
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
            && let Some(found) = unread(walk, command, range, &text, &name)
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
        inner.bindings.retain(|_, binding| binding.exported);
    }
    // The words of the outer script are of another text; what they read is known all the same.
    inner.bindings.values_mut().for_each(|binding| binding.pieces.clear());
    let mut found = Walk::new(&site, walk.around).run_from(&script.items, inner);
    found.iter_mut().for_each(|found| found.cleared |= !keeps);
    walk.found.extend(found);
    true
}

/// Whether a text calls a program that builds and passes it an argument.
fn mentions_build(text: &str) -> bool {
    let programs = ["docker ", "docker-compose ", "podman ", "buildah ", "nerdctl ", "buildctl ", "kaniko/executor"];
    text.contains("--build-arg") && programs.iter().any(|program| text.contains(program))
}

fn unread(walk: &Walk<'_>, command: &Command, at: TextRange, text: &str, name: &str) -> Option<Found> {
    let range = walk.site.view.host_range(at)?;
    let names = text.split("--build-arg").skip(1).filter_map(argument_name);
    let argument = |name| Argument { name, value: ArgumentValue::Composite, range, shared: false };
    let program = if name.is_empty() { "another program" } else { name };
    let build = Build {
        format: walk.site.format,
        file: walk.site.file.to_owned(),
        range,
        title: format!("the text for `{program}`"),
        dockerfiles: Dockerfiles::Unknown(format!("the text that `{program}` is given")),
        context: None,
        target: None,
        builder: Builder::BuildKit,
        arguments: names.map(argument).collect(),
        secrets: Vec::new(),
        ssh: false,
        opaque: Some(format!("the text that `{program}` is given")),
        index: 0,
    };
    Some(Found {
        view: Rc::clone(&walk.site.view),
        build,
        family: None,
        arguments: Vec::new(),
        prefix: command.range.start(),
        assigned: Vec::new(),
        sudo: None,
        cleared: false,
        nounset: false,
        guessed: None,
    })
}

/// The name behind `--build-arg`.
fn argument_name(text: &str) -> Option<String> {
    let text = text.trim_start_matches(|char: char| char.is_whitespace() || matches!(char, '=' | '"' | '\'' | '\\'));
    let name: String = text.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect();
    (!name.is_empty() && !name.contains(UNKNOWN)).then_some(name)
}
