//! The files of one repository, read once.
//!
//! [`discover`] finds the roots of the paths asked about, [`read`] walks one and keeps the texts that matter. Everything
//! after that works on the [`Repository`], which knows no disk.

mod by_path;
mod classify;
mod limits;
mod read;
pub mod reads;
mod roots;
mod settings;
mod texts;
mod walk;

pub use classify::{Kind, classify, is_document};
pub use read::{ReadError, read, read_as_decided};
pub use roots::{Root, discover};
pub use settings::{Decided, organisation};
pub use walk::tracked_files;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::{self, Configuration, Date, Setting, Settings};
use crate::source::Source;
use by_path::ByPath;
use reads::Recorder;

/// Something about a file that a person should know: it was left alone, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The file, from the repository's root.
    pub file: Utf8PathBuf,
    /// One sentence without a final period.
    pub reason: String,
}

/// The files of one repository as they were read. Cloning is cheap: texts are shared.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    paths: Arc<ByPath<Utf8PathBuf>>,
    sources: Arc<ByPath<Source>>,
    dockerfiles: Vec<Utf8PathBuf>,
    /// What was left alone while reading.
    pub notices: Vec<Notice>,
    /// The paths that were asked about, files or directories; empty for all. Files outside are read because they may
    /// build what is inside.
    pub selection: Vec<Utf8PathBuf>,
    /// The files that changed, where only findings that a change is about are asked for.
    pub changed: Option<BTreeSet<Utf8PathBuf>>,
    /// Files that may run builds and whose text was not read: left out by a sparse checkout, pointers of Git LFS, too large,
    /// not readable.
    pub absent_callers: Vec<Utf8PathBuf>,
    /// The day on which it is looked at; what depends on the day is left out without one.
    pub today: Option<Date>,
    /// What was decided for it and its paths.
    pub configuration: Arc<Configuration>,
    /// The text of the [`config::FILE`] in its root; `None` if there is none.
    pub settings_source: Option<Source>,
    recorder: Recorder,
    state: Arc<()>,
    mentioning: Arc<Mutex<HashMap<String, Arc<[Utf8PathBuf]>>>>,
}

impl Repository {
    /// A repository of these files. `dockerfiles` are the paths among them that are Dockerfiles, `paths` all files
    /// that exist (also those whose text was not read).
    #[must_use]
    pub fn new(
        paths: impl IntoIterator<Item = Utf8PathBuf>,
        sources: impl IntoIterator<Item = Source>,
        dockerfiles: Vec<Utf8PathBuf>,
    ) -> Self {
        let sources = ByPath::new(sources.into_iter().collect());
        let paths = ByPath::new(paths.into_iter().collect());
        let missing = sources.iter().map(Source::path).filter(|path| !paths.contains(path));
        let missing: Vec<Utf8PathBuf> = missing.map(Utf8Path::to_owned).collect();
        let paths = paths.with(missing);
        Self { paths: Arc::new(paths), sources: Arc::new(sources), dockerfiles, ..Self::default() }
    }

    /// The Dockerfiles, in order of their paths.
    #[must_use]
    pub fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &self.dockerfiles
    }

    /// Whether `path` was asked about: findings are for these files only.
    #[must_use]
    pub fn is_selected(&self, path: &Utf8Path) -> bool {
        self.selection.is_empty() || self.selection.iter().any(|selected| path.starts_with(selected))
    }

    /// The text of a file, if it was read.
    #[must_use]
    pub fn source(&self, path: &Utf8Path) -> Option<&Source> {
        self.recorder.note_file(path);
        self.sources.get(path)
    }

    /// All files whose text was read.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.recorder.note(|reads| reads.texts = true);
        self.sources.iter()
    }

    /// Whether `path` is a file of the repository.
    #[must_use]
    pub fn is_file(&self, path: &Utf8Path) -> bool {
        self.recorder.note_file(path);
        self.paths.contains(path)
    }

    /// The files whose text holds `word`, in order.
    #[must_use]
    pub fn mentioning(&self, word: &str) -> Vec<&Source> {
        self.recorder.note(|reads| reads::name(&mut reads.mentioned, word));
        let known = || self.mentioning.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known().get(word).cloned();
        let paths = before.unwrap_or_else(|| {
            let holding = self.sources.iter().filter(|source| source.text().contains(word));
            let paths: Arc<[Utf8PathBuf]> = holding.map(|source| source.path().to_owned()).collect();
            known().insert(word.to_owned(), Arc::clone(&paths));
            paths
        });
        paths.iter().filter_map(|path| self.sources.get(path)).collect()
    }

    /// What is one and the same object for all clones of a repository, and another one for each later state of its files.
    #[must_use]
    pub fn state(&self) -> &Arc<()> {
        &self.state
    }

    /// All paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Utf8Path> {
        self.recorder.note(|reads| reads::insert(&mut reads.folders, Utf8Path::new("")));
        self.paths.iter().map(Utf8PathBuf::as_path)
    }

    /// What was decided for the file at `path`.
    #[must_use]
    pub fn settings(&self, path: &Utf8Path) -> Arc<Settings> {
        self.configuration.at(path)
    }

    /// Whether the builds of the file at `path` don't count.
    #[must_use]
    pub fn is_excluded_caller(&self, path: &Utf8Path) -> bool {
        self.configuration.decides_about_files() && self.settings(path).callers.exclude.matches(path)
    }

    /// The paths at or below `folder`, in order.
    pub fn paths_below<'r>(&'r self, folder: &'r Utf8Path) -> impl Iterator<Item = &'r Utf8Path> {
        self.recorder.note(|reads| reads::insert(&mut reads.folders, folder));
        self.paths.below(folder).map(Utf8PathBuf::as_path)
    }

    /// The paths in `folder` that are in none of the folders in it, in order.
    pub fn paths_in<'r>(&'r self, folder: &'r Utf8Path) -> impl Iterator<Item = &'r Utf8Path> {
        self.recorder.note(|reads| reads::insert(&mut reads.folders, folder));
        self.paths.directly_in(folder).map(Utf8PathBuf::as_path)
    }

    /// The same repository with another settings file; one that can't be read decides nothing.
    #[must_use]
    fn with_settings_source(mut self, source: Source) -> Self {
        self.configuration = Arc::new(self.configuration.with_text(source.text()));
        self.add_path(source.path());
        self.settings_source = Some(source);
        self
    }

    /// The same repository, for which this was decided.
    #[must_use]
    pub fn with_configuration(mut self, configuration: Configuration) -> Self {
        self.configuration = Arc::new(configuration);
        self
    }

    /// The same repository with one more decision, which counts more than all before it.
    #[must_use]
    pub fn with_setting(mut self, setting: &Setting) -> Self {
        self.configuration = Arc::new(self.configuration.with(setting));
        self
    }

    fn add_path(&mut self, path: &Utf8Path) {
        if !self.paths.contains(path) {
            Arc::make_mut(&mut self.paths).insert(path.to_owned());
        }
    }

    /// What takes note of the answers of this repository and of its later states.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The same repository, whose answers are noted apart from those of all others.
    #[must_use]
    pub fn noted_apart(&self) -> Self {
        Self { recorder: Recorder::default(), ..self.clone() }
    }

    /// The files whose texts are others in `later`, a state of the same files on the disk; `None` where more than texts differs:
    /// which files there are or are read, or what is decided about them.
    pub(crate) fn differing(&self, later: &Self) -> Option<Vec<Utf8PathBuf>> {
        let text = |repository: &Self| repository.settings_source.as_ref().map(|source| source.text().to_owned());
        let is_decided_alike = Arc::ptr_eq(&self.configuration, &later.configuration) || text(self) == text(later);
        let has_same_files = Arc::ptr_eq(&self.paths, &later.paths) || self.paths == later.paths;
        let has_same_sources = self.sources.len() == later.sources.len() && self.dockerfiles == later.dockerfiles;
        let is_asked_alike = self.selection == later.selection && self.today == later.today;
        if !(is_decided_alike && has_same_files && has_same_sources && is_asked_alike) {
            return None;
        }
        let mut changed = Vec::new();
        for (own, source) in self.sources.iter().zip(later.sources.iter()) {
            if own.path() != source.path() {
                return None;
            }
            if !own.is_same_text(source) {
                changed.push(own.path().to_owned());
            }
        }
        Some(changed)
    }

    /// The same repository with other texts for some of its files.
    #[must_use]
    pub fn with_sources(&self, changed: impl IntoIterator<Item = Source>) -> Self {
        let mut repository = Self { state: Arc::default(), mentioning: Arc::default(), ..self.clone() };
        for source in changed {
            if source.path() == config::FILE {
                repository = repository.with_settings_source(source);
                continue;
            }
            repository.add_path(source.path());
            Arc::make_mut(&mut repository.sources).insert(source);
        }
        repository
    }
}
