//! Making a step hand over a file, a CI secret, or a key through an ssh agent: the inputs `secret-files`, `secrets` and
//! `ssh` of docker/build-push-action.

use camino::Utf8Path;

use super::pass::add_records;
use super::pass_run;
use super::run::Script;
use super::step::Step;
use crate::callers::offer::{inside, missing, refusal};
use crate::callers::shell::{self, Provide};
use crate::callers::verify::same_elsewhere;
use crate::callers::yaml::{Cursor, Patch, Path, Step as PathStep};
use crate::callers::{Build, Offer, Refusal, Rewrite, Surroundings};
use crate::source::{Source, TextRange};

/// See [`crate::callers::Caller::offer`], for a build in the script of `step`.
pub(super) fn offer_in_script(
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    step: &Step<'_>,
    offers: &[Offer],
) -> Result<Rewrite, Refusal> {
    let refuse = |reason: &str| refusal(reason, build.range);
    let script = Script::of(step, source).ok_or_else(|| refuse("the script of the step can't be read"))?;
    if step.body.is_shared() || step.body.get("run").is_some_and(Cursor::is_shared) {
        return Err(refuse("the step is shared with other jobs through an anchor"));
    }
    let mut rewrite = shell::offer_in(&[script.site(&script.first_row())], around, build, offers)?;
    let mut patch = Patch::new(source);
    rewrite.edits.drain(..).for_each(|edit| patch.push(edit));
    let wanted = environment(step, build, offers)?;
    let changed = pass_run::provide(&mut patch, step, &script, source, build, &wanted, &mut rewrite)?;
    rewrite.edits = patch.finish();
    same_elsewhere(source, rewrite, build.range, &changed)
}

/// The variables of the step that make the CI secrets of `offers` reach its script.
fn environment(step: &Step<'_>, build: &Build, offers: &[Offer]) -> Result<Vec<Provide>, Refusal> {
    let mut wanted = Vec::new();
    for offer in missing(build, offers)? {
        if let Offer::Variable { name, .. } = &offer {
            let value = expression(step, build.range, name)?;
            wanted.push(Provide { variable: name.clone(), value });
        }
    }
    Ok(wanted)
}

/// The CI secret `name`. Composite actions have no `secrets` context, and a workflow that others call has only what they
/// hand on (GitHub docs, "Contexts reference" and "Reuse workflows").
fn expression(step: &Step<'_>, at: TextRange, name: &str) -> Result<String, Refusal> {
    let called = |on: Cursor<'_>| {
        let listed = || on.items().iter().any(|event| event.text() == Some("workflow_call"));
        on.get("workflow_call").is_some() || on.text() == Some("workflow_call") || listed()
    };
    let reason = match (step.job, step.root.get("on")) {
        (None, _) => "a composite action sees no CI secrets: it needs an input for the value",
        (Some(_), Some(on)) if called(on) => "the workflow is called by others, which have to hand the secret on",
        _ => return Ok(format!("${{{{ secrets.{name} }}}}")),
    };
    Err(refusal(reason, at))
}

/// See [`crate::callers::Caller::offer`], for a `step` that uses an action.
pub(super) fn offer(source: &Source, build: &Build, step: &Step<'_>, offers: &[Offer]) -> Result<Rewrite, Refusal> {
    let missing = missing(build, offers)?;
    if missing.is_empty() {
        return Ok(Rewrite::default());
    }
    if build.builder.is_buildah() {
        return Err(refusal("the action has no input for secret files, only flags of Buildah", build.range));
    }
    let unclear = || refusal("the inputs of the step are laid out in a way that can't be edited safely", build.range);
    let with = step.body.get("with").filter(|with| !with.is_shared()).ok_or_else(unclear)?;
    let (mut files, mut values, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for offer in &missing {
        match offer {
            Offer::File { id, path } => files.push(record(step, build.range, ("secret-files", id), path)?),
            Offer::Variable { id, name } => values.push(format!("{id}={}", expression(step, build.range, name)?)),
            Offer::Agent { key } => keys.push(record(step, build.range, ("ssh", "default"), key)?),
        }
    }
    let mut patch = Patch::new(source);
    let (place, column) = place(with, &patch).ok_or_else(unclear)?;
    let inputs = [("secret-files", files), ("secrets", values)].into_iter();
    for (input, records) in inputs.filter(|(_, records)| !records.is_empty()) {
        add_records(&mut patch, source, with, (input, &records), place, (column, column + 2)).ok_or_else(unclear)?;
    }
    for key in keys {
        patch.insert_behind(place, &[format!("{}ssh: {key}", " ".repeat(column))]);
    }
    let rewrite = Rewrite { edits: patch.finish(), ..Rewrite::default() };
    let changed: Vec<Path> = ["secret-files", "secrets", "ssh"].iter().map(|key| below(step, &["with", key])).collect();
    same_elsewhere(source, rewrite, build.range, &changed)
}

/// Behind which input a new one goes, and the column of the inputs.
fn place(with: Cursor<'_>, patch: &Patch<'_>) -> Option<(TextRange, usize)> {
    let mapping = with.node().as_mapping().filter(|mapping| !mapping.flow)?;
    let near = ["secrets", "build-args", "file", "context"].iter().find_map(|key| mapping.find(key));
    let entry = near.map(|(_, entry)| entry).or(mapping.entries.last())?;
    Some((entry.range(), patch.column(entry.key_range.start())))
}

/// `id=path` for an input, the path from the workspace, in which the action runs.
fn record(step: &Step<'_>, range: TextRange, entry: (&str, &str), path: &Utf8Path) -> Result<String, Refusal> {
    let (input, id) = entry;
    let context = step.input("context").and_then(Cursor::text).map(str::trim).unwrap_or("");
    let known = !context.contains("{{") && !context.contains(char::is_whitespace);
    let source = known.then(|| inside(context, path)).flatten();
    // Without `context` the action builds from a Git URL, in which files that are made by the job don't exist.
    let source = source.ok_or_else(|| {
        let instead = Some(format!("{input}: {id}={path}"));
        let reason = format!("the step does not say in which folder of the workspace `{path}` is (`context`)");
        Refusal { instead, ..refusal(reason, range) }
    })?;
    Ok(format!("{id}={source}"))
}

fn below(step: &Step<'_>, keys: &[&str]) -> Path {
    step.path.iter().cloned().chain(keys.iter().map(|key| PathStep::Key((*key).to_owned()))).collect()
}
