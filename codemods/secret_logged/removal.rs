use std::collections::{BTreeMap, BTreeSet};

use super::Printed;
use crate::codemods::prelude::*;
use crate::codemods::shown::{Held, declared, does_nothing_but_print, mounted};
use crate::model::{Exposure, ExposureKind};
use crate::plan::StepEdit;
use crate::source::Edit;
use crate::syntax::shell::edit::{Refusal, remove_item, replace_word};
use crate::syntax::shell::{Operator, Script, Word};
use crate::syntax::view::View;

/// Takes out the commands of `group`, all of which do nothing but print; a RUN of nothing else goes whole.
pub(super) fn remove<'m>(
    change: &mut Change<'m>,
    (model, dockerfile): (&'m Model, &'m Dockerfile),
    group: &[&Printed],
) {
    let held: BTreeMap<usize, &Held> = group.iter().map(|printed| (printed.held.step, &printed.held)).collect();
    let all: Vec<Held> = mounted(dockerfile).into_iter().chain(declared(model, dockerfile)).collect();
    let only_prints = |step: usize| does_nothing_but_print(dockerfile, step, &all);
    assume_no_reader(change, (model, dockerfile), &held, only_prints);
    for (step, held) in held {
        if does_nothing_but_print(dockerfile, step, [held]) {
            change.remove_step(step);
        } else {
            change.rewrite(step, |dockerfile| next_removal(dockerfile, held));
        }
    }
}

/// A secret that is there for nothing but to be printed is there for somebody who reads the log: a test, an example.
fn assume_no_reader<'m>(
    change: &mut Change<'m>,
    (model, dockerfile): (&'m Model, &'m Dockerfile),
    held: &BTreeMap<usize, &Held>,
    only_prints: impl Fn(usize) -> bool,
) {
    let names: BTreeSet<&str> = held.values().map(|held| held.name.as_str()).collect();
    for name in names {
        let ids: BTreeSet<&str> = held.values().filter_map(|held| held.mount().filter(|_| held.name == name)).collect();
        let is_mounted =
            |step: &usize| dockerfile.secret_mounts(*step).iter().any(|mount| ids.contains(mount.id.as_str()));
        let mounted = (0..dockerfile.steps.len()).filter(is_mounted);
        let secrets = model.secrets(dockerfile);
        let uses = secrets.iter().filter(|secret| secret.flow.name == name).flat_map(|secret| &secret.uses);
        let mut readers = mounted.chain(uses.map(|used| used.step));
        if readers.all(&only_prints) {
            change.assume(format!("nobody waits for `{name}` in the log: nothing else reads it"));
        }
    }
}

fn printed(dockerfile: &Dockerfile, held: &Held) -> Vec<Exposure> {
    let exposures = held.exposures(dockerfile);
    exposures.into_iter().filter(|exposure| exposure.kind == ExposureKind::Printed).collect()
}

/// The edit that takes out the first command that still prints: it leaves its list, or becomes `:` where its list needs
/// a command in that place. Both have the exit status that a command that prints has. The one of `printenv NAME` says whether the
/// variable is set (printenv(1)), so where somebody asks for it a test comes in its place.
fn next_removal(dockerfile: &Dockerfile, held: &Held) -> Option<StepEdit> {
    let exposure = printed(dockerfile, held).into_iter().next()?;
    let run = dockerfile.steps[held.step].run.as_deref()?;
    let shell = run.shells.get(exposure.shell)?;
    let Some(view) = &shell.view else {
        return Some(Err(("exec-form", "the command stands in a string of the JSON form".to_owned())));
    };
    let host = dockerfile.source.text();
    let test = test_of(&shell.script, &exposure);
    let edits = match remove_item(host, view, &shell.script, exposure.item) {
        Ok(_) if test.as_ref().is_some_and(|test| test.is_asked) => replaced(view, &exposure, test.as_ref()),
        Ok(edits) => Ok(edits),
        Err(Refusal::Heredoc | Refusal::Comment | Refusal::Unclean | Refusal::InsideEscape) => {
            Err("the command that prints it can't be taken out of its list")
        }
        Err(_) => replaced(view, &exposure, test.as_ref()),
    };
    Some(edits.map_err(|reason| ("unparsable", reason.to_owned())))
}

/// The test that has the exit status of a command.
struct Test {
    text: String,
    /// Whether the command behind it runs only if it holds.
    is_asked: bool,
}

fn test_of(script: &Script, exposure: &Exposure) -> Option<Test> {
    let item = script.items.iter().find(|item| item.range == exposure.item);
    let context = script.commands().into_iter().find(|context| context.command.range == exposure.command)?;
    let words: Option<Vec<String>> = context.command.words.iter().map(Word::literal).collect();
    let [program, name] = words?.try_into().ok()?;
    (program == "printenv").then(|| Test {
        text: format!("[ -n \"${{{name}+x}}\" ]"),
        is_asked: item.and_then(|item| item.operator).is_some_and(|(operator, _)| operator == Operator::And),
    })
}

fn replaced(view: &View, exposure: &Exposure, test: Option<&Test>) -> Result<Vec<Edit>, &'static str> {
    let text = test.map_or(":", |test| test.text.as_str());
    let edit = replace_word(view, exposure.item, text);
    edit.map(|edit| vec![edit]).map_err(|_| "the command that prints it can't be replaced")
}
