use std::collections::BTreeMap;

use super::Printed;
use crate::codemods::prelude::*;
use crate::codemods::shown::{By, Held};
use crate::model::{Exposure, ExposureKind};
use crate::plan::StepEdit;
use crate::syntax::shell::edit::{Refusal, remove_item, replace_word};

/// Takes out the commands of `group`, all of which do nothing but print; a RUN of nothing else goes whole.
pub(super) fn remove<'m>(change: &mut Change<'m>, dockerfile: &'m Dockerfile, group: &[&Printed]) {
    let held: BTreeMap<usize, &Held> = group.iter().map(|printed| (printed.held.step, &printed.held)).collect();
    assume_no_reader(change, dockerfile, &held);
    for (step, held) in held {
        if is_all_printed(dockerfile, held) {
            change.remove_step(step);
        } else {
            change.rewrite(step, |dockerfile| next_removal(dockerfile, held));
        }
    }
}

/// A secret that is mounted for nothing but to be printed is there for somebody who reads the log: a test, an example.
fn assume_no_reader<'m>(change: &mut Change<'m>, dockerfile: &'m Dockerfile, held: &BTreeMap<usize, &Held>) {
    let ids = held.values().filter_map(|held| match &held.by {
        By::Mount(id) => Some(id),
        By::Variables(_) => None,
    });
    for id in ids {
        let mounted = |step: &usize| dockerfile.secret_mounts(*step).iter().any(|mount| mount.id == *id);
        let mut steps = (0..dockerfile.steps.len()).filter(mounted);
        if steps.all(|step| held.get(&step).is_some_and(|held| is_all_printed(dockerfile, held))) {
            change.assume(format!("nobody waits for `{id}` in the log: it is mounted for nothing else"));
        }
    }
}

fn printed(dockerfile: &Dockerfile, held: &Held) -> Vec<Exposure> {
    let exposures = held.exposures(dockerfile);
    exposures.into_iter().filter(|exposure| exposure.kind == ExposureKind::Printed).collect()
}

/// Whether the RUN has no other command.
fn is_all_printed(dockerfile: &Dockerfile, held: &Held) -> bool {
    let printed = printed(dockerfile, held);
    let run = dockerfile.steps.get(held.step).and_then(|step| step.run.as_deref());
    let items = run.and_then(|run| run.shells.first()).map(|shell| shell.script.items.as_slice()).unwrap_or_default();
    let is_printed = |at| printed.iter().any(|exposure| exposure.shell == 0 && exposure.item == at);
    !items.is_empty() && items.iter().all(|item| is_printed(item.range))
}

/// The edit that takes out the first command that still prints: it leaves its list, or becomes `:` where its list needs
/// a command in that place. Both have the exit status that a command that prints has.
fn next_removal(dockerfile: &Dockerfile, held: &Held) -> Option<StepEdit> {
    let exposure = printed(dockerfile, held).into_iter().next()?;
    let run = dockerfile.steps[held.step].run.as_deref()?;
    let shell = run.shells.get(exposure.shell)?;
    let Some(view) = &shell.view else {
        return Some(Err(("exec-form", "the command stands in a string of the JSON form".to_owned())));
    };
    let host = dockerfile.source.text();
    let edits = match remove_item(host, view, &shell.script, exposure.item) {
        Ok(edits) => Ok(edits),
        Err(Refusal::Heredoc | Refusal::Comment | Refusal::Unclean | Refusal::InsideEscape) => {
            Err("the command that prints it can't be taken out of its list")
        }
        Err(_) => replace_word(view, exposure.item, ":")
            .map(|edit| vec![edit])
            .map_err(|_| "the command that prints it can't be replaced"),
    };
    Some(edits.map_err(|reason| ("unparsable", reason.to_owned())))
}
