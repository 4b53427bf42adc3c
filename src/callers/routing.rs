//! Which caller reads which file of a repository.

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::{Build, Surroundings, recognised};
use crate::repository::Repository;
use crate::source::Source;

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
    let sources: Vec<&Source> = repository.sources().collect();
    let found: Vec<Vec<Build>> = sources.into_par_iter().map(|source| builds_in(repository, source)).collect();
    found.into_iter().flatten().collect()
}

/// Every build that is written down in `source`, one of the files of `repository`.
#[must_use]
pub fn builds_in(repository: &Repository, source: &Source) -> Vec<Build> {
    recognised(source.path(), source.text()).map(|caller| caller.builds(source, repository)).unwrap_or_default()
}
