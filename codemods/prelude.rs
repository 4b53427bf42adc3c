//! The one import of every codemod.

pub use super::Codemod;
pub use super::migration::Migration;
use crate::callers::{Build, Builder, Whereabouts, github};
pub use crate::model::{CopiedFile, Dockerfile, Entry, Model, Secret};
pub use crate::plan::{Change, Finding, Label, Severity};
use crate::syntax::dockerfile::ProblemKind;

/// Every secret of a Dockerfile, but for build arguments that stay for a while beside their mount: those are the codemod
/// `fallback-expired`'s.
pub fn secrets(model: &Model, dockerfile: &Dockerfile) -> impl Iterator<Item = Secret> {
    all_secrets(model, dockerfile).filter(|secret| dockerfile.fallback_of(secret).is_none())
}

/// The same with those arguments.
pub fn all_secrets(model: &Model, dockerfile: &Dockerfile) -> impl Iterator<Item = Secret> + use<> {
    model.secrets(dockerfile).to_vec().into_iter()
}

/// The repair of each of [`secrets`].
pub fn migrations<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> impl Iterator<Item = Migration<'m>> {
    secrets(model, dockerfile).map(move |secret| Migration::new(model, dockerfile, secret))
}

/// The repair of every secret that a RUN has from a mount.
pub fn mounted<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> impl Iterator<Item = Migration<'m>> {
    let mounted = dockerfile.mounted().into_iter();
    mounted.map(move |one| Migration::of_mount(model, dockerfile, one))
}

/// Whether a Dockerfile of this text can copy a file: it has the word `copy` or `add` in any letter case.
#[must_use]
pub fn copies_something(text: &str) -> bool {
    let has = |word: &[u8]| text.as_bytes().windows(word.len()).any(|found| found.eq_ignore_ascii_case(word));
    has(b"copy") || has(b"add")
}

/// Whether a Dockerfile of this text can declare a secret: it has the word `arg` or `env` in any letter case.
#[must_use]
pub fn declares_something(text: &str) -> bool {
    text.as_bytes().windows(3).any(|word| word.eq_ignore_ascii_case(b"arg") || word.eq_ignore_ascii_case(b"env"))
}

/// Whether a Dockerfile of this text can have a mount: it has the word in any letter case.
#[must_use]
pub fn has_a_mount(text: &str) -> bool {
    text.as_bytes().windows(5).any(|word| word.eq_ignore_ascii_case(b"mount"))
}

/// Makes a fix Manual where BuildKit refuses the file as it is: nothing that is concluded from it can be relied on.
pub fn refuse_broken_file<'m>(change: &mut Change<'m>, dockerfile: &'m Dockerfile) {
    let problems = dockerfile.parse.problems();
    if let Some(problem) = problems.iter().find(|problem| problem.kind == ProblemKind::Rejected) {
        let place = change.place(problem.range, "BuildKit stops here");
        change.obstruct("unparsable", format!("BuildKit refuses this file: {}", problem.message), place);
    }
    if let Some(range) = dockerfile.says_generated() {
        let place = change.place(range, "says so");
        change.obstruct("generated-file", "another program writes this file: change what it is made from", place);
    }
}

/// Who runs the action or reusable workflow that holds `build`: what it is handed comes from there.
#[must_use]
pub fn labels_of_users(model: &Model, build: &Build) -> Vec<Label> {
    let by_others = build.outside.as_ref().is_some_and(|outside| outside.repository == Whereabouts::Caller);
    let places = if by_others { github::users(&model.repository, &build.file) } else { Vec::new() };
    places.into_iter().map(|(file, range)| Label { file, range, text: "run from here".to_owned() }).collect()
}

/// Makes a fix Manual where a builder that mounts no secrets builds the file.
pub fn refuse_builders_without_secrets<'m>(change: &mut Change<'m>, model: &'m Model, dockerfile: &'m Dockerfile) {
    for bound in model.bound_builds(dockerfile) {
        if let Builder::WithoutSecrets(sentence) = &bound.build.builder {
            let text = format!("{} builds it", bound.build.title);
            let place = Label { file: bound.build.file.clone(), range: bound.build.range, text };
            change.obstruct("builder-without-secrets", sentence.clone(), Some(place));
        }
    }
}

/// Whether two ids are the same but for letter case and the sign between words.
#[must_use]
pub fn same_but_for_spelling(one: &str, other: &str) -> bool {
    let plain = |id: &str| id.to_lowercase().replace(['-', '.'], "_");
    plain(one) == plain(other)
}
