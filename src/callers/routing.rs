//! Which caller reads which file of a repository.

use camino::{Utf8Path, Utf8PathBuf};

use super::{ALL, Build, Refusal, Request, Rewrite, Surroundings, recognised};
use crate::repository::Repository;
use crate::source::{Source, range};

impl Surroundings for Repository {
    fn is_file(&self, path: &Utf8Path) -> bool {
        Self::is_file(self, path)
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        Self::dockerfiles(self)
    }

    fn text(&self, path: &Utf8Path) -> Option<&str> {
        self.source(path).map(Source::text)
    }
}

/// Every build that is written down in `repository`, in the order of the files and of the places in them.
#[must_use]
pub fn builds(repository: &Repository) -> Vec<Build> {
    let callers = repository.sources().filter_map(|source| Some((recognised(source.path(), source.text())?, source)));
    callers.flat_map(|(caller, source)| caller.builds(source, repository)).collect()
}

/// The edits that make `build`, one of [`builds`], honour all `requests`.
///
/// # Errors
/// A [`Refusal`] where one of the requests can't be honoured; then none is.
pub fn pass_secrets(repository: &Repository, build: &Build, requests: &[Request]) -> Result<Rewrite, Refusal> {
    let caller = ALL.iter().find(|caller| caller.format() == build.format);
    match (caller, repository.source(&build.file)) {
        (Some(caller), Some(source)) => caller.pass_secrets(source, repository, build, requests),
        _ => Err(Refusal { reason: "its file was not read".to_owned(), range: range(0, 0), instead: None }),
    }
}
