//! The check that every rewrite of a YAML file has to pass before it leaves its caller.

use super::yaml::{self, Path, same_except};
use super::{ArgumentValue, Build, Caller, Dockerfiles, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Source, TextRange, apply_edits};

/// `rewrite`, if the edited file is still YAML, says the same outside of `changed`, and is read back as the same builds
/// without the requested arguments and with the requested secrets.
///
/// # Errors
/// A [`Refusal`] otherwise: an edit that can't be proven is not made.
pub(super) fn verified(
    caller: &dyn Caller,
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    requests: &[Request],
    rewrite: Rewrite,
    changed: &[Path],
) -> Result<Rewrite, Refusal> {
    let proven = apply_edits(source.text(), &rewrite.edits).ok().is_some_and(|text| {
        let same = match (yaml::read(source.text()), yaml::read(&text)) {
            (Ok(before), Ok(after)) => same_except(&before, &after, changed),
            _ => false,
        };
        same && reads_as_asked(caller, &source.with_text(text), around, build, requests)
    });
    if proven {
        return Ok(rewrite);
    }
    let reason = "the file is laid out in a way that can't be edited safely".to_owned();
    Err(Refusal { reason, range: build.range, instead: None })
}

/// `rewrite`, if the edited file is still YAML and says the same outside of `changed`.
///
/// # Errors
/// A [`Refusal`] at `at` otherwise.
pub(super) fn same_elsewhere(
    source: &Source,
    rewrite: Rewrite,
    at: TextRange,
    changed: &[Path],
) -> Result<Rewrite, Refusal> {
    let same = apply_edits(source.text(), &rewrite.edits).ok().is_some_and(|text| {
        match (yaml::read(source.text()), yaml::read(&text)) {
            (Ok(before), Ok(after)) => same_except(&before, &after, changed),
            _ => false,
        }
    });
    if same {
        return Ok(rewrite);
    }
    let reason = "the file is laid out in a way that can't be edited safely".to_owned();
    Err(Refusal { reason, range: at, instead: None })
}

/// Whether `edited` is read as the same builds, of which `build` honours all `requests`.
pub(super) fn reads_as_asked(
    caller: &dyn Caller,
    edited: &Source,
    around: &dyn Surroundings,
    build: &Build,
    requests: &[Request],
) -> bool {
    let builds = caller.builds(edited, around);
    let Some(after) = builds.get(build.index) else { return false };
    let gone = |name: &str| requests.iter().any(|request| request.argument == name && !request.beside);
    let kept = |build: &Build| -> Vec<(String, ArgumentValue)> {
        let kept = build.arguments.iter().filter(|argument| !gone(&argument.name));
        kept.map(|argument| (argument.name.clone(), argument.value.clone())).collect()
    };
    let passed = |request: &Request| {
        let asked = build
            .arguments
            .iter()
            .any(|argument| argument.name == request.argument && argument.value != ArgumentValue::Empty);
        let secret = request.secret.as_ref().filter(|_| asked);
        secret.is_none_or(|secret| secret.is_passed_by(after))
    };
    let old_secrets_stay = build.secrets.iter().all(|old| after.secrets.iter().any(|new| new.id == old.id));
    kept(build) == kept(after)
        && !after.arguments.iter().any(|argument| gone(&argument.name))
        && requests.iter().all(passed)
        && old_secrets_stay
        && same_dockerfiles(&after.dockerfiles, &build.dockerfiles)
}

/// The text of what is not known may be the command line that was edited.
fn same_dockerfiles(one: &Dockerfiles, other: &Dockerfiles) -> bool {
    one == other || matches!((one, other), (Dockerfiles::Unknown(_), Dockerfiles::Unknown(_)))
}
