use std::collections::{BTreeSet, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::config;
use crate::repository::reads::Reads;
use crate::source::Source;

use super::index::starts_from_the_same;
use super::{Dockerfile, Model};

/// What is otherwise in a later state of a repository.
#[derive(Debug)]
pub struct Changes<'m> {
    before: &'m Model,
    after: &'m Model,
    files: BTreeSet<&'m Utf8Path>,
    created: Vec<&'m Utf8Path>,
    /// The Dockerfiles that have other builds, or builds that are written otherwise.
    rebuilt: BTreeSet<&'m Utf8Path>,
    /// The folders that are a context of other builds.
    contexts: BTreeSet<&'m Utf8Path>,
    credentials: Vec<&'m Utf8Path>,
    bases: bool,
    unplaced: bool,
    /// Whether no other files may pass an argument than before, and none of them changed.
    passes_alike: bool,
    /// Whether settings changed, on which everything rests.
    settings: bool,
}

impl<'m> Changes<'m> {
    /// The changes from one state to a later one, in which only the texts of `files` differ.
    #[must_use]
    pub fn new(before: &'m Model, after: &'m Model, files: &'m [Utf8PathBuf]) -> Self {
        let existed = |path: &&Utf8Path| before.repository.is_file(path);
        let files: BTreeSet<&Utf8Path> = files.iter().map(Utf8PathBuf::as_path).collect();
        let created = files.iter().copied().filter(|path| !existed(path)).collect();
        let contents = |model: &'m Model, path: &Utf8Path| model.repository.source(path).map(Source::text);
        let holds = |model: &'m Model, path: &Utf8Path| {
            contents(model, path).is_some_and(|text| crate::knowledge::files::is_credential(path, text))
        };
        let turned = files.iter().copied().filter(|path| holds(before, path) != holds(after, path));
        let is_unplaced = |model: &'m Model| model.unplaced_builds().any(|build| files.contains(build.file.as_path()));
        Self {
            before,
            after,
            created,
            rebuilt: before.index.rebuilt(&before.builds, (&after.index, &after.builds), &files),
            contexts: before.index.other_contexts(&after.index),
            credentials: turned.collect(),
            bases: files.iter().any(|path| has_other_bases(before, after, path)),
            unplaced: is_unplaced(before) || is_unplaced(after),
            passes_alike: before.index.passes_alike(&after.index)
                && !files.iter().any(|path| before.index.speaks_of_arguments(path)),
            settings: files.iter().any(|path| path.file_name() == Some(config::FILE)),
            files,
        }
    }

    /// Whether an answer about the Dockerfile at `path`, one of the state before, that rests on `reads` may be another one now.
    #[must_use]
    pub fn touch(&self, path: &Utf8Path, reads: &Reads) -> bool {
        let holds = |folders: &HashSet<Utf8PathBuf>, path: &Utf8Path| folders.iter().any(|it| path.starts_with(it));
        self.settings
            || reads.texts
            || self.files.contains(path)
            || reads.files.iter().any(|path| self.files.contains(path.as_path()))
            || self.created.iter().any(|path| holds(&reads.folders, path))
            || self.credentials.iter().any(|path| holds(&reads.credentials, path))
            || reads.builds.iter().any(|path| self.rebuilt.contains(path.as_path()))
            || reads.contexts.iter().any(|path| self.contexts.contains(path.as_path()))
            || (self.bases && reads.bases)
            || (self.unplaced && reads.unplaced)
            || reads.mentioned.iter().any(|word| self.mentions(word))
            || reads.named.iter().any(|name| self.names(name))
            || (!self.passes_alike && reads.passed.iter().any(|name| self.passes(path, name)))
            || (reads.unread_builds && self.before.dockerfile(path).is_none_or(|one| self.builds_unread(one)))
    }

    /// Whether a changed file holds the word, or did.
    fn mentions(&self, word: &str) -> bool {
        let texts = |model: &'m Model, path| model.repository.source(path).is_some_and(|it| it.text().contains(word));
        self.files.iter().any(|path| texts(self.before, path) || texts(self.after, path))
    }

    /// Whether a changed file names the variable, or did.
    fn names(&self, name: &str) -> bool {
        let names = |model: &Model, path: &Utf8Path| model.index.is_naming(&model.repository, path, name);
        self.files.iter().any(|path| names(self.before, path) || names(self.after, path))
    }

    /// Whether other files near `dockerfile` may pass the build argument, or the same with another text.
    fn passes(&self, dockerfile: &Utf8Path, name: &str) -> bool {
        let near = |model: &'m Model| model.index.passing(&model.repository, dockerfile, name);
        let (before, after) = (near(self.before), near(self.after));
        before.iter().map(|source| source.path()).ne(after.iter().map(|source| source.path()))
            || before.iter().any(|source| self.files.contains(source.path()))
    }

    fn builds_unread(&self, dockerfile: &Dockerfile) -> bool {
        let of = |model: &Model, path: &Utf8Path| model.unread_builds_of_file(dockerfile, path);
        self.files.iter().any(|path| of(self.before, path) != of(self.after, path))
    }
}

fn has_other_bases(before: &Model, after: &Model, path: &Utf8Path) -> bool {
    match (before.dockerfile(path), after.dockerfile(path)) {
        (Some(one), Some(other)) => !starts_from_the_same(one, other),
        _ => before.index.is_dockerfile(path),
    }
}
