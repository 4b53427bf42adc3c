//! Which caller reads which file of a repository.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::{ALL, Build, Caller, Surroundings, recognised};
use crate::repository::Repository;
use crate::repository::reads::Recorder;
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

    fn find(&self, wanted: &dyn Fn(&Utf8Path, &str) -> bool) -> Option<&Utf8Path> {
        self.sources().find(|source| wanted(source.path(), source.text())).map(Source::path)
    }

    fn mentioning(&self, word: &str, wanted: &dyn Fn(&Utf8Path, &str) -> bool) -> Option<&Utf8Path> {
        Self::mentioning(self, word).into_iter().find(|source| wanted(source.path(), source.text())).map(Source::path)
    }

    fn noted(&self) -> Option<(&Recorder, &Arc<()>)> {
        Some((self.recorder(), self.state()))
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
    caller_of(repository, source).map(|caller| caller.builds(source, repository)).unwrap_or_default()
}

/// The caller that reads `source`, one of the files of `repository`: the one that somebody decided for it, or the one that
/// knows it by its name.
pub(super) fn caller_of(repository: &Repository, source: &Source) -> Option<&'static dyn Caller> {
    let path = source.path();
    if !repository.configuration.decides_about_files() {
        return recognised(path, source.text());
    }
    let settings = repository.settings(path);
    if settings.callers.exclude.matches(path) {
        return None;
    }
    let decided = settings.caller_format(path).and_then(|name| ALL.iter().find(|one| one.format().name() == name));
    decided.copied().or_else(|| recognised(path, source.text()))
}
