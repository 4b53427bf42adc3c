//! Which caller reads which file of a repository.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::sieve::may_build;
use super::{ALL, Build, Caller, Surroundings, azure, by_path, by_text, pipeline, yaml};
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

/// The formats whose files take in others by their paths: a word that stands in every file that does, and one in every file
/// with commands, of which most YAML files have none.
const TAKING_IN: [(&str, &str, &dyn Caller); 2] =
    [("include", "script", &pipeline::GITLAB), ("template", "steps", &azure::Azure)];

/// The caller that reads `source`, one of the files of `repository`: the one that somebody decided for it, or the one that
/// knows it by its name, by a pipeline that takes it in, or by its text.
pub(super) fn caller_of(repository: &Repository, source: &Source) -> Option<&'static dyn Caller> {
    let path = source.path();
    let known = || by_path(path).or_else(|| taken_in(repository, source)).or_else(|| by_text(path, source.text()));
    if !repository.configuration.decides_about_files() {
        return known();
    }
    let settings = repository.settings(path);
    if settings.callers.exclude.matches(path) {
        return None;
    }
    let decided = settings.caller_format(path).and_then(|name| ALL.iter().find(|one| one.format().name() == name));
    decided.copied().or_else(known)
}

/// The caller of the pipeline that takes `source` in, by itself or through files that it takes in.
fn taken_in(repository: &Repository, source: &Source) -> Option<&'static dyn Caller> {
    if !yaml::has_ending(source.path()) || !may_build(source.text()) {
        return None;
    }
    TAKING_IN
        .into_iter()
        .filter(|(_, command, _)| source.text().contains(command))
        .find(|(word, _, caller)| {
            let others: Vec<&Source> =
                repository.mentioning(word).into_iter().filter(|it| yaml::has_ending(it.path())).collect();
            let mut seen = BTreeSet::from([source.path()]);
            let mut open = vec![source.path()];
            while let Some(path) = open.pop() {
                let above: Vec<&Utf8Path> =
                    others.iter().filter(|it| caller.takes_in(it, path)).map(|it| it.path()).collect();
                if above.iter().any(|path| caller.recognises(path)) {
                    return true;
                }
                open.extend(above.into_iter().filter(|path| seen.insert(path)));
            }
            false
        })
        .map(|(_, _, caller)| caller)
}
