//! Whether a fix kept its promise: read from the result, not from the intention.

use std::collections::BTreeSet;

use crate::model::{Dockerfile, Model, Secret};
use crate::syntax::dockerfile::ProblemKind;

use super::Finding;

/// What is wrong with `after`, the state that the fix of `finding` leaves; `None` if it holds.
pub(super) fn problem_with(before: &Model, after: &Model, finding: &Finding) -> Option<String> {
    let path = &finding.dockerfile;
    let (old, new) = (before.dockerfile(path)?, after.dockerfile(path)?);
    let rejections = |dockerfile: &Dockerfile| {
        dockerfile.parse.problems().iter().filter(|one| one.kind == ProblemKind::Rejected).count()
    };
    if rejections(new) > rejections(old) {
        return Some("BuildKit would refuse the result".to_owned());
    }
    let secrets = before.secrets(old);
    let secret = secrets.iter().find(|secret| secret.flow.name == finding.subject && finding.fix.steps.is_empty());
    if !finding.fix.steps.is_empty() {
        return other_step_changed(old, new, &finding.fix.steps);
    }
    other_instruction_changed(old, new, secret)
        .or_else(|| secret.and_then(|secret| lost_use(old, new, secret)))
        .or_else(|| remaining_argument(after, new, secret?))
}

/// Every RUN that read the value must have it still: the one at the same place among the RUNs mounts it.
fn lost_use(old: &Dockerfile, new: &Dockerfile, secret: &Secret) -> Option<String> {
    let runs = |dockerfile: &Dockerfile| -> Vec<usize> {
        let numbered = dockerfile.steps.iter().enumerate();
        numbered.filter(|(_, step)| step.run.is_some()).map(|(index, _)| index).collect()
    };
    let (old_runs, new_runs) = (runs(old), runs(new));
    secret.uses.iter().find_map(|used| {
        let nth = old_runs.iter().position(|step| *step == used.step)?;
        let served = new_runs.get(nth).is_some_and(|step| serves(new, *step, secret, &used.name));
        let line = old.line_of(used.step);
        (!served).then(|| format!("the RUN of line {line} would no longer see `{}`", used.name))
    })
}

fn serves(dockerfile: &Dockerfile, step: usize, secret: &Secret, name: &str) -> bool {
    let instruction = &dockerfile.steps[step].instruction;
    let mounts: Vec<_> = instruction.flags().iter().filter_map(|flag| flag.mount()).collect();
    let secrets = || mounts.iter().filter(|mount| mount.kind == "secret");
    let by_variable = |wanted: &str| secrets().any(|mount| mount.get("env") == Some(wanted));
    let run = dockerfile.steps[step].run.as_ref();
    let exported = run.is_some_and(|run| run.text.contains(&format!("export {name}=")));
    by_variable(name)
        || (exported && (by_variable(&secret.flow.name) || secrets().any(|mount| mount.get("env").is_none())))
}

/// No instruction may differ but those that declared, copied or read the secret, and an ARG may only have gone.
fn other_instruction_changed(old: &Dockerfile, new: &Dockerfile, secret: Option<&Secret>) -> Option<String> {
    let text = |dockerfile: &Dockerfile, step: usize| {
        crate::source::slice(dockerfile.source.text(), dockerfile.steps[step].outer.text_range()).to_owned()
    };
    let flow = secret.map(|secret| &secret.flow);
    let edited = |step: usize| {
        flow.is_some_and(|flow| {
            let mut places = flow.args.iter().chain(&flow.literals).chain(flow.relays.iter().map(|relay| &relay.place));
            places.any(|place| place.step == step)
        }) || secret.is_some_and(|secret| secret.uses.iter().any(|used| used.step == step))
    };
    let mut fresh = (0..new.steps.len()).map(|step| text(new, step)).peekable();
    for step in 0..old.steps.len() {
        let kept = text(old, step);
        if edited(step) {
            // A removed pair leaves its instruction, a removed instruction leaves nothing, a RUN stays.
            let same_keyword = fresh.peek().is_some_and(|next| {
                next.split_whitespace().next().map(str::to_lowercase)
                    == kept.split_whitespace().next().map(str::to_lowercase)
            });
            let stays = old.steps[step].run.is_some() || old.steps[step].instruction.pairs().len() > 1;
            if stays && same_keyword && fresh.peek() != old.steps.get(step + 1).map(|_| text(old, step + 1)).as_ref() {
                fresh.next();
            }
        } else if fresh.next().as_deref() != Some(kept.as_str()) {
            return Some(format!("the instruction of line {} would change", old.line_of(step)));
        }
    }
    None
}

/// No instruction but `changed` may differ, and those may only be rewritten or gone.
fn other_step_changed(old: &Dockerfile, new: &Dockerfile, changed: &BTreeSet<usize>) -> Option<String> {
    let text = |dockerfile: &Dockerfile, step: usize| {
        crate::source::slice(dockerfile.source.text(), dockerfile.steps[step].outer.text_range()).to_owned()
    };
    let mut fresh = (0..new.steps.len()).map(|step| text(new, step)).peekable();
    let mut slack = 0;
    for step in 0..old.steps.len() {
        if changed.contains(&step) {
            slack += 1;
            continue;
        }
        let kept = text(old, step);
        while fresh.peek().is_some_and(|next| *next != kept) && slack > 0 {
            fresh.next();
            slack -= 1;
        }
        slack = 0;
        if fresh.next().as_deref() != Some(kept.as_str()) {
            return Some(format!("the instruction of line {} would change", old.line_of(step)));
        }
    }
    (fresh.count() > slack).then(|| "instructions would be added".to_owned())
}

/// A build that still passes the argument would leave its value in provenance and build records.
fn remaining_argument(after: &Model, dockerfile: &Dockerfile, secret: &Secret) -> Option<String> {
    let name = &secret.flow.name;
    let bound = after.bound_builds(dockerfile);
    let mut still = bound.iter().filter(|bound| bound.build.arguments.iter().any(|given| given.name == *name));
    still.next().map(|bound| format!("{} in `{}` would still pass `{name}`", bound.build.title, bound.build.file))
}
