//! The one import of every codemod.

pub use super::Codemod;
pub use super::migration::Migration;
pub use crate::model::{Dockerfile, Entry, Model, Secret};
pub use crate::plan::{Change, Finding, Label, Severity};

/// Every secret of every Dockerfile.
pub fn secrets(model: &Model) -> impl Iterator<Item = (&Dockerfile, Secret)> {
    let of = |dockerfile| {
        let secrets = model.secrets(dockerfile).to_vec();
        secrets.into_iter().map(move |secret| (dockerfile, secret))
    };
    model.dockerfiles.iter().map(AsRef::as_ref).flat_map(of)
}

/// The repair of every secret that a RUN has from a mount.
pub fn mounted<'m>(model: &'m Model) -> impl Iterator<Item = Migration<'m>> {
    let of = move |dockerfile: &'m Dockerfile| {
        let mounted = dockerfile.mounted().into_iter();
        mounted.map(move |one| Migration::of_mount(model, dockerfile, one))
    };
    model.dockerfiles.iter().map(AsRef::as_ref).flat_map(of)
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
