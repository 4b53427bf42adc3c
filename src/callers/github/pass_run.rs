//! Rewriting the script of a step, and giving it the environment that the new command line reads.

use super::pass::NO_SECRETS_FOR_FORKS;
use super::run::Script;
use super::step::Step;
use crate::callers::shell::{self, Provide};
use crate::callers::verify::verified;
use crate::callers::yaml::{Cursor, Patch, Path, Step as PathStep};
use crate::callers::{Build, Caller, Refusal, Request, Rewrite, Surroundings, environment};
use crate::source::{Source, range, slice};

/// See [`Caller::pass_secrets`], for a build in the script of `step`.
pub(super) fn pass_secrets(
    caller: &dyn Caller,
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    step: &Step<'_>,
    requests: &[Request],
) -> Result<Rewrite, Refusal> {
    let refuse = |reason: &str| Refusal { reason: reason.to_owned(), range: build.range, instead: None };
    let script = Script::of(step, source)
        .ok_or_else(|| refuse(build.opaque.as_deref().unwrap_or("the script of the step can't be read")))?;
    if step.body.is_shared() || step.body.get("run").is_some_and(Cursor::is_shared) {
        return Err(refuse("the step is shared with other jobs through an anchor"));
    }
    let found = shell::pass_secrets(&script.site(&script.first_row()), around, build, requests)?;
    let mut patch = Patch::new(source);
    found.rewrite.edits.iter().cloned().for_each(|edit| patch.push(edit));
    let mut rewrite = found.rewrite;
    let changed = provide(&mut patch, step, &script, source, build, &found.provide, &mut rewrite)?;
    rewrite.edits = patch.finish();
    if rewrite.edits.is_empty() {
        return Ok(rewrite);
    }
    let asked = |name: &str| requests.iter().any(|request| request.argument == name);
    let mut secrets = build.arguments.iter().filter(|given| asked(&given.name));
    if step.runs_for_forks() && secrets.any(|given| step.is_secret(&given.name, &given.value)) {
        rewrite.notes.push(NO_SECRETS_FOR_FORKS.to_owned());
    }
    verified(caller, source, around, build, requests, rewrite, &changed)
}

/// Gives the step what is missing of `wanted` in its `env`, and says which paths of the file change with it and the script.
pub(super) fn provide(
    patch: &mut Patch<'_>,
    step: &Step<'_>,
    script: &Script<'_>,
    source: &Source,
    build: &Build,
    wanted: &[Provide],
    rewrite: &mut Rewrite,
) -> Result<Vec<Path>, Refusal> {
    let refuse = |reason: &str| Refusal { reason: reason.to_owned(), range: build.range, instead: None };
    let mut missing = Vec::new();
    for provide in wanted.iter().filter(|provide| !script.is_exported(&provide.variable)) {
        let named = || is_named_besides(step, source, build, provide);
        if !is_provided(step, script, provide, named).map_err(|reason| refuse(&reason))? {
            rewrite.assumptions.extend(shadowed(step, script, &provide.variable));
            missing.push(provide);
        }
    }
    if !missing.is_empty() {
        environment::add(patch, step.body, &missing, &["run"])
            .ok_or_else(|| refuse("the `env` of the step can't be edited safely"))?;
    }
    Ok(changed_paths(step, &missing))
}

/// Whether the variable has the value already. One that the script itself sets can't have it, nor one to which the step
/// gives another value. One that the job or the workflow sets may get another value in this step, if nothing else of the
/// step reads it (`named` says so): the step's `env` comes first (GitHub docs, "Using variables to store information").
fn is_provided(
    step: &Step<'_>,
    script: &Script<'_>,
    provide: &Provide,
    named: impl FnOnce() -> bool,
) -> Result<bool, String> {
    let name = &provide.variable;
    if script.assigns(name) {
        return Err(format!("the script sets `{name}` itself"));
    }
    match step.environment(name).and_then(Cursor::text) {
        Some(text) if same_value(text, &provide.value) => Ok(true),
        Some(_) if step.body.get("env").is_some_and(|env| env.get(name).is_some()) => {
            Err(format!("`{name}` has another value in the `env` of the step, or gets one for another build there"))
        }
        Some(_) if named() => Err(format!("`{name}` has another value in `env`, and the step reads that too")),
        Some(_) | None => Ok(false),
    }
}

/// What has to hold where the step gets a value of its own for a variable that the job or the workflow sets as well.
fn shadowed(step: &Step<'_>, script: &Script<'_>, name: &str) -> Option<String> {
    step.environment(name)?;
    let program = script.other_program()?;
    Some(format!("`{program}` in {} does not read `{name}`, which has another value in this step now", step.title()))
}

/// Whether the step names the variable anywhere but in the build arguments that `provide` is for.
fn is_named_besides(step: &Step<'_>, source: &Source, build: &Build, provide: &Provide) -> bool {
    let name = provide.variable.as_str();
    let is_part = |char: char| char == '_' || char.is_ascii_alphanumeric();
    let text = source.text();
    let body = step.body.node().range;
    let mut found = slice(text, body).match_indices(name).map(|(at, _)| usize::from(body.start()) + at);
    found.any(|start| {
        let end = start + name.len();
        let whole = !text[..start].ends_with(is_part) && !text[end..].starts_with(is_part);
        let mut own = build.arguments.iter().filter(|argument| argument.name == name);
        whole && !own.any(|argument| argument.range.contains_range(range(start, end)))
    })
}

/// Blanks inside the braces of an expression mean nothing.
pub(super) fn same_value(one: &str, other: &str) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    one == other || one.contains("${{") && squeezed(one) == squeezed(other)
}

fn changed_paths(step: &Step<'_>, missing: &[&Provide]) -> Vec<Path> {
    let below = |keys: &[&str]| -> Path {
        step.path.iter().cloned().chain(keys.iter().map(|key| PathStep::Key((*key).to_owned()))).collect()
    };
    let mut paths = vec![below(&["run"])];
    if step.body.get("env").is_some_and(|env| !env.node().is_null()) {
        paths.extend(missing.iter().map(|provide| below(&["env", &provide.variable])));
    } else if !missing.is_empty() {
        paths.push(below(&["env"]));
    }
    paths
}
