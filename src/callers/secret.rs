//! Secrets that a build passes, apart from build arguments: one more, or one under another id.
//!
//! Both edits are proven by reading the edited file again: the build passes what was asked for, every other build of
//! the file passes what it did.

use super::{Build, PassedSecret, Refusal, SecretSource, builds_in, routing::caller_of};
use crate::repository::Repository;
use crate::source::{Edit, Source, TextRange, apply_edits, range, size, slice};

/// The edit that makes `build` pass its secret `from` under the id `to`.
///
/// # Errors
/// A [`Refusal`] where the id also says where the value comes from, or stands where it can't be told.
pub fn rename_secret(repository: &Repository, build: &Build, from: &str, to: &str) -> Result<Edit, Refusal> {
    let refuse = |range, reason: &str| Refusal {
        reason: reason.to_owned(),
        range,
        instead: Some(format!("id={to},env={from}")),
    };
    let passed = build.secrets.iter().find(|passed| passed.id == from);
    let passed = passed.ok_or_else(|| refuse(build.range, "the build does not pass it"))?;
    if passed.source == SecretSource::Unknown {
        return Err(refuse(passed.range, "the id alone says where the value comes from"));
    }
    let source = source_of(repository, build).ok_or_else(|| refuse(build.range, "its file was not read"))?;
    let at =
        id_range(source.text(), passed).ok_or_else(|| refuse(passed.range, "the id stands where it can't be told"))?;
    let edit = Edit::replace(at, to);
    let renamed = |old: &PassedSecret| (if old.id == from { to } else { &old.id }.to_owned(), old.source.clone());
    let wanted = build.secrets.iter().map(renamed).collect();
    let proven = proves(repository, source, build, &edit, wanted);
    proven
        .then_some(edit)
        .ok_or_else(|| refuse(passed.range, "the file is laid out in a way that can't be edited safely"))
}

/// The edit that makes `build`, a command, pass the secret `id` from the environment variable `variable`.
///
/// # Errors
/// A [`Refusal`] with the text to add where the build is no plain command.
pub fn add_secret(repository: &Repository, build: &Build, id: &str, variable: &str) -> Result<Edit, Refusal> {
    let flag = format!("--secret id={id},env={variable}");
    let refuse = |reason: &str| Refusal { reason: reason.to_owned(), range: build.range, instead: Some(flag.clone()) };
    let source = source_of(repository, build).ok_or_else(|| refuse("its file was not read"))?;
    let edit = Edit::insert(size(place_for_flag(source.text(), build)), format!(" {flag}"));
    let mut wanted: Vec<_> = build.secrets.iter().map(|passed| (passed.id.clone(), passed.source.clone())).collect();
    wanted.push((id.to_owned(), SecretSource::Variable(variable.to_owned())));
    let proven = proves(repository, source, build, &edit, wanted);
    proven.then_some(edit).ok_or_else(|| refuse("it is no plain command that a flag can be added to"))
}

fn source_of<'r>(repository: &'r Repository, build: &Build) -> Option<&'r Source> {
    repository.source(&build.file)
}

/// Where the id of a passed secret stands: behind `id=`, else at the beginning of its line or item.
fn id_range(text: &str, passed: &PassedSecret) -> Option<TextRange> {
    let written = slice(text, passed.range);
    let start = usize::from(passed.range.start());
    let at = match written.find(&format!("id={}", passed.id)) {
        Some(found) => found + "id=".len(),
        None => written.len() - written.trim_start_matches(['-', ' ', '"', '\'']).len(),
    };
    let rest = written.get(at..)?.strip_prefix(passed.id.as_str())?;
    let ends = !rest.starts_with(|char: char| char.is_ascii_alphanumeric() || "-_.".contains(char));
    ends.then(|| range(start + at, start + at + passed.id.len()))
}

/// Behind the last `--secret` of a command, else behind its word `build`.
fn place_for_flag(text: &str, build: &Build) -> usize {
    let mut inside = build.secrets.iter().map(|passed| passed.range).filter(|at| build.range.contains_range(*at));
    if let Some(last) = inside.next_back() {
        return last.end().into();
    }
    let start = usize::from(build.range.start());
    let words = slice(text, build.range).split_inclusive(' ');
    let mut end = start;
    for word in words.take(6) {
        end += word.len();
        if word.trim_end() == "build" {
            return end - (word.len() - word.trim_end().len());
        }
    }
    start
}

/// Whether the edited file is read as the same builds, of which only this one passes other secrets: `wanted`.
fn proves(
    repository: &Repository,
    source: &Source,
    build: &Build,
    edit: &Edit,
    mut wanted: Vec<(String, SecretSource)>,
) -> bool {
    let Ok(text) = apply_edits(source.text(), std::slice::from_ref(edit)) else { return false };
    let edited = source.with_text(text);
    if caller_of(repository, &edited).is_none() {
        return false;
    }
    let (before, after) = (builds_in(repository, source), builds_in(repository, &edited));
    let facts = |build: &Build| {
        let arguments: Vec<_> = build.arguments.iter().map(|given| (given.name.clone(), given.value.clone())).collect();
        (build.dockerfiles.clone(), build.target.clone(), build.builder.clone(), build.opaque.clone(), arguments)
    };
    let secrets = |build: &Build| -> Vec<(String, SecretSource)> {
        let mut all: Vec<_> = build.secrets.iter().map(|one| (one.id.clone(), one.source.clone())).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    };
    wanted.sort_by(|one, other| one.0.cmp(&other.0));
    before.len() == after.len()
        && before.iter().zip(&after).all(|(old, new)| {
            let own = old.index == build.index;
            facts(old) == facts(new) && if own { secrets(new) == wanted } else { secrets(new) == secrets(old) }
        })
}
