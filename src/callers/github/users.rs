//! Who runs an action or a reusable workflow of the same repository.

use camino::{Utf8Path, Utf8PathBuf};

use super::is_github_file;
use super::step::project;
use crate::callers::location::resolve;
use crate::callers::yaml::{self, Cursor};
use crate::repository::Repository;
use crate::source::{Source, TextRange};

/// The places in the workflows and actions of `repository` that run the one at `file`, in order.
#[must_use]
pub fn users(repository: &Repository, file: &Utf8Path) -> Vec<(Utf8PathBuf, TextRange)> {
    let recorder = repository.recorder();
    let sources = recorder.unnoted(|| {
        let local = |source: &&Source| is_github_file(source.path()) && source.text().contains("./");
        repository.sources().filter(local).collect::<Vec<_>>()
    });
    let mut found = Vec::new();
    for source in sources {
        let Ok(documents) = yaml::read(source.text()) else { continue };
        let mut uses = Vec::new();
        documents.iter().for_each(|document| collect(Cursor::root(document), &mut uses));
        let runs = |written: &str| {
            let path = written.starts_with("./").then(|| resolve(project(source.path()), written)).flatten();
            path.is_some_and(|path| path == file || file.parent() == Some(path.as_path()))
        };
        let places = uses.into_iter().filter(|(written, _)| runs(written));
        let before = found.len();
        found.extend(places.map(|(_, range)| (source.path().to_owned(), range)));
        if found.len() > before {
            recorder.note_file(source.path());
        }
    }
    found
}

fn collect<'d>(here: Cursor<'d>, uses: &mut Vec<(&'d str, TextRange)>) {
    for (key, value) in here.entries() {
        match value.text().filter(|_| key == "uses") {
            Some(written) => uses.push((written, value.node().range)),
            None => collect(value, uses),
        }
    }
    here.items().into_iter().for_each(|item| collect(item, uses));
}
