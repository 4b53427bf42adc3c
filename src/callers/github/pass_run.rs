//! Rewriting the script of a step, and giving it the environment that the new command line reads.

use super::run::Script;
use super::step::Step;
use crate::callers::shell::{self, Provide};
use crate::callers::verify::verified;
use crate::callers::yaml::{Cursor, Mapping, Patch, Path, Step as PathStep};
use crate::callers::{Build, Caller, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Edit, Source, TextRange};

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
    let mut missing = Vec::new();
    for provide in found.provide.iter().filter(|provide| !script.is_exported(&provide.variable)) {
        if !is_provided(step, &script, provide).map_err(|reason| refuse(&reason))? {
            missing.push(provide);
        }
    }
    let changed = changed_paths(step, &missing);
    if !missing.is_empty() {
        add_environment(&mut patch, step, &missing)
            .ok_or_else(|| refuse("the `env` of the step can't be edited safely"))?;
    }
    let rewrite = Rewrite { edits: patch.finish(), ..found.rewrite };
    if rewrite.edits.is_empty() {
        return Ok(rewrite);
    }
    verified(caller, source, around, build, requests, rewrite, &changed)
}

/// Whether the variable has the value already. One with another value, or one that the script itself sets, can't have it.
fn is_provided(step: &Step<'_>, script: &Script<'_>, provide: &Provide) -> Result<bool, String> {
    let name = &provide.variable;
    if script.assigns(name) {
        return Err(format!("the script sets `{name}` itself"));
    }
    match step.environment(name).and_then(Cursor::text) {
        Some(text) if same_value(text, &provide.value) => Ok(true),
        Some(_) => Err(format!("`{name}` has another value in `env`")),
        None => Ok(false),
    }
}

/// Blanks inside the braces of an expression mean nothing.
fn same_value(one: &str, other: &str) -> bool {
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

fn add_environment(patch: &mut Patch<'_>, step: &Step<'_>, missing: &[&Provide]) -> Option<()> {
    let body = step.body.node().as_mapping().filter(|body| !body.flow)?;
    let pairs: Vec<String> = missing.iter().map(|provide| pair(provide)).collect();
    let Some((_, entry)) = body.find("env") else { return add_env_key(patch, body, &pairs) };
    if entry.value.is_null() {
        let column = patch.column(entry.key_range.start()) + 2;
        patch.insert_behind(entry.range(), &indented(&pairs, column));
        return Some(());
    }
    let env = step.body.get("env").filter(|env| !env.is_shared())?.node().as_mapping()?;
    let last = env.entries.last();
    if env.flow {
        let text = pairs.join(", ");
        match last {
            Some(last) => patch.push(Edit::insert(last.range().end(), format!(", {text}"))),
            None => patch.replace(entry.value.range, &format!("{{{text}}}")),
        }
        return Some(());
    }
    let column = patch.column(env.entries.first()?.key_range.start());
    patch.insert_behind(last?.range(), &indented(&pairs, column));
    Some(())
}

/// A new `env` stands before `run`, or behind it where `run` shares its line with the dash of the step.
fn add_env_key(patch: &mut Patch<'_>, body: &Mapping, pairs: &[String]) -> Option<()> {
    let (_, run) = body.find("run")?;
    let column = patch.column(run.key_range.start());
    let mut lines = vec![format!("{}env:", " ".repeat(column))];
    lines.extend(indented(pairs, column + 2));
    if patch.prefix(run.key_range.start()).trim().is_empty() {
        patch.insert_before(run.key_range.start(), &lines);
    } else {
        patch.insert_behind(TextRange::empty(run.range().end()), &lines);
    }
    Some(())
}

fn indented(lines: &[String], column: usize) -> Vec<String> {
    lines.iter().map(|line| format!("{}{line}", " ".repeat(column))).collect()
}

/// `NAME: value`, quoted where plain YAML would read something else.
fn pair(provide: &Provide) -> String {
    let (name, value) = (&provide.variable, &provide.value);
    let safe_start = value.starts_with(|char: char| char.is_ascii_alphanumeric() || matches!(char, '$' | '/' | '_'));
    let plain = safe_start && !value.contains(": ") && !value.contains(" #") && !value.ends_with([':', ' ']);
    if plain { format!("{name}: {value}") } else { format!("{name}: '{}'", value.replace('\'', "''")) }
}
