//! Whether a fix kept its promise: read from the result, not from the intention.

use crate::model::{BoundBuild, Dockerfile, Model, Secret, Step};
use crate::syntax::dockerfile::{Keyword, ProblemKind};

use super::{Finding, Fix, StepChange};

mod copied;

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
    other_instruction_changed(old, new, &finding.fix)
        .or_else(|| secret.and_then(|secret| lost_use(old, new, secret, &finding.fix)))
        .or_else(|| remaining_argument(after, new, secret?))
        .or_else(|| copied::lost_file(before, old, new, &finding.fix))
}

/// The RUN of `new` that the one at `step` of `old` became: as far behind the others as those that went let it move up, and
/// those that came in front of others let it move down.
fn run_after(new: &Dockerfile, fix: &Fix, step: usize) -> Option<usize> {
    let removed = |at: &usize| fix.steps.get(at) == Some(&StepChange::Removed);
    let preceded = |at: &usize| fix.steps.get(at) == Some(&StepChange::Preceded);
    let place = step + (0..=step).filter(preceded).count() - (0..step).filter(removed).count();
    (!removed(&step)).then_some(place).filter(|place| new.steps.get(*place).is_some_and(|step| step.run.is_some()))
}

/// Every RUN that read the value must have it still: the one at the same place among the RUNs mounts it. Those that
/// only wrote it down need it no more.
fn lost_use(old: &Dockerfile, new: &Dockerfile, secret: &Secret, fix: &Fix) -> Option<String> {
    let released = secret.uses.iter().filter(|used| fix.released.contains(&used.step)).find(|used| {
        let run = run_after(new, fix, used.step).and_then(|step| new.steps[step].run.as_ref());
        run.is_some_and(|run| run.shells.iter().any(|shell| !shell.script.uses(&used.name).is_empty()))
    });
    if let Some(used) = released {
        return Some(format!("the RUN of line {} still uses `{}`", old.line_of(used.step), used.name));
    }
    secret.uses.iter().filter(|used| !fix.released.contains(&used.step)).find_map(|used| {
        let stays = fix.steps.get(&used.step) != Some(&StepChange::Removed);
        let served = run_after(new, fix, used.step).is_some_and(|step| serves(new, step, secret, &used.name));
        let line = old.line_of(used.step);
        (stays && !served).then(|| format!("the RUN of line {line} would no longer see `{}`", used.name))
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

/// No instruction may differ but those that the fix names, and those only in the way that it says.
fn other_instruction_changed(old: &Dockerfile, new: &Dockerfile, fix: &Fix) -> Option<String> {
    let changed = |step: usize| Some(format!("the instruction of line {} would change", old.line_of(step)));
    let mut fresh = new.steps.iter();
    for (step, kept) in old.steps.iter().enumerate() {
        let same = match fix.steps.get(&step) {
            Some(StepChange::Removed) => true,
            Some(StepChange::Replaced) => fresh.next().is_some_and(|next| next.run.is_some()),
            Some(StepChange::Preceded) => {
                fresh.next().is_some_and(|next| next.keyword == Keyword::Arg)
                    && fresh.next().is_some_and(|next| next.keyword == kept.keyword)
            }
            Some(StepChange::Rewritten) => fresh.next().is_some_and(|next| next.keyword == kept.keyword),
            None => fresh.next().is_some_and(|next| text_of(new, next) == text_of(old, kept)),
        };
        if !same {
            return changed(step);
        }
    }
    fresh.next().map(|_| "an instruction would be added".to_owned())
}

/// An instruction with its heredocs, without the line break that the end of the file may take.
fn text_of<'d>(dockerfile: &'d Dockerfile, step: &Step) -> &'d str {
    crate::source::slice(dockerfile.source.text(), step.outer.range()).trim_end_matches(['\r', '\n'])
}

/// A build that still passes the argument would leave its value in provenance and build records.
fn remaining_argument(after: &Model, dockerfile: &Dockerfile, secret: &Secret) -> Option<String> {
    let name = &secret.flow.name;
    let bound = after.bound_builds(dockerfile);
    let passes = |bound: &&BoundBuild<'_>| bound.build.arguments.iter().any(|given| given.name == *name);
    let mut still = bound.iter().filter(passes).filter(|bound| !after.is_needed_elsewhere(dockerfile, **bound, name));
    still.next().map(|bound| format!("{} in `{}` would still pass `{name}`", bound.build.title, bound.build.file))
}
