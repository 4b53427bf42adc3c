//! Whether a fix kept its promise: read from the result, not from the intention.

use crate::model::{Dockerfile, Model, Secret};
use crate::syntax::dockerfile::ProblemKind;

use super::{Finding, RunChanges};

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
    let secret = secrets.iter().find(|secret| secret.flow.name == finding.subject);
    let runs = &finding.fix.runs;
    other_instruction_changed(old, new, secret, runs)
        .or_else(|| secret.and_then(|secret| lost_use(old, new, secret, runs)))
        .or_else(|| remaining_argument(after, new, secret?))
}

/// Every RUN that read the value must have it still: the one at the same place among the RUNs mounts it. Those that
/// only wrote it down need it no more.
fn lost_use(old: &Dockerfile, new: &Dockerfile, secret: &Secret, changes: &RunChanges) -> Option<String> {
    let runs = |dockerfile: &Dockerfile| -> Vec<usize> {
        let numbered = dockerfile.steps.iter().enumerate();
        numbered.filter(|(_, step)| step.run.is_some()).map(|(index, _)| index).collect()
    };
    let (mut old_runs, new_runs) = (runs(old), runs(new));
    old_runs.retain(|step| !changes.removed.contains(step));
    let released = secret.uses.iter().filter(|used| changes.released.contains(&used.step)).find(|used| {
        let nth = old_runs.iter().position(|step| *step == used.step);
        let run = nth.and_then(|nth| new.steps[*new_runs.get(nth)?].run.as_ref());
        run.is_some_and(|run| run.shells.iter().any(|shell| !shell.script.uses(&used.name).is_empty()))
    });
    if let Some(used) = released {
        return Some(format!("the RUN of line {} still uses `{}`", old.line_of(used.step), used.name));
    }
    secret.uses.iter().filter(|used| !changes.released.contains(&used.step)).find_map(|used| {
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
    let run = dockerfile.steps[step].run.as_deref();
    let exported = run.is_some_and(|run| run.text.contains(&format!("export {name}=")));
    by_variable(name)
        || (exported && (by_variable(&secret.flow.name) || secrets().any(|mount| mount.get("env").is_none())))
}

/// No instruction may differ but those that declared, copied or read the secret, and an ARG may only have gone.
fn other_instruction_changed(
    old: &Dockerfile,
    new: &Dockerfile,
    secret: Option<&Secret>,
    changes: &RunChanges,
) -> Option<String> {
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
        if changes.removed.contains(&step) {
            continue;
        }
        if edited(step) || changes.edited.contains(&step) {
            // A removed pair leaves its instruction, a removed instruction leaves nothing, a RUN stays.
            let same_keyword = fresh.peek().is_some_and(|next| {
                next.split_whitespace().next().map(str::to_lowercase)
                    == kept.split_whitespace().next().map(str::to_lowercase)
            });
            let stays = old.steps[step].run.is_some() || old.steps[step].pairs.len() > 1;
            if stays && same_keyword && fresh.peek() != old.steps.get(step + 1).map(|_| text(old, step + 1)).as_ref() {
                fresh.next();
            }
        } else if fresh.next().as_deref() != Some(kept.as_str()) {
            return Some(format!("the instruction of line {} would change", old.line_of(step)));
        }
    }
    None
}

/// A build that still passes the argument would leave its value in provenance and build records.
fn remaining_argument(after: &Model, dockerfile: &Dockerfile, secret: &Secret) -> Option<String> {
    let name = &secret.flow.name;
    let bound = after.bound_builds(dockerfile);
    let mut still = bound.iter().filter(|bound| bound.build.arguments.iter().any(|given| given.name == *name));
    still.next().map(|bound| format!("{} in `{}` would still pass `{name}`", bound.build.title, bound.build.file))
}
