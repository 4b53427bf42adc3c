use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::{Build, Dockerfiles};
use crate::repository::Repository;
use crate::source::Source;

/// What is looked up again and again, so that the cost of a model grows with the number of files and not with its square.
#[derive(Debug, Clone)]
pub(super) struct Index {
    /// The files whose text was read, by the name in the last part of their path.
    by_name: Rc<BTreeMap<String, Vec<Utf8PathBuf>>>,
    dockerfiles: Rc<BTreeSet<String>>,
    /// The files that are no Dockerfiles and speak of build arguments.
    passing: BTreeSet<String>,
    /// The builds of each Dockerfile that is named, as indices.
    placed: BTreeMap<String, Vec<usize>>,
    /// The builds of which the Dockerfile can't be told.
    unplaced: Vec<usize>,
}

impl Index {
    pub(super) fn new(repository: &Repository, builds: &[Build]) -> Self {
        let dockerfiles: BTreeSet<String> =
            repository.dockerfiles().iter().map(|path| path.as_str().to_owned()).collect();
        let mut by_name: BTreeMap<String, Vec<Utf8PathBuf>> = BTreeMap::new();
        let mut passing = BTreeSet::new();
        for source in repository.sources() {
            let name = source.path().file_name().unwrap_or("").to_owned();
            by_name.entry(name).or_default().push(source.path().to_owned());
            if !dockerfiles.contains(source.path().as_str())
                && speaks_of_arguments(source.text())
                && !repository.is_excluded_caller(source.path())
            {
                passing.insert(source.path().as_str().to_owned());
            }
        }
        let mut index = Self {
            by_name: Rc::new(by_name),
            dockerfiles: Rc::new(dockerfiles),
            passing,
            placed: BTreeMap::new(),
            unplaced: Vec::new(),
        };
        index.place(builds);
        index
    }

    /// The index of a later state in which only the texts of `changed` differ.
    pub(super) fn after(&self, repository: &Repository, changed: &[Utf8PathBuf], builds: &[Build]) -> Self {
        let mut index = self.clone();
        for source in changed.iter().filter_map(|path| repository.source(path)) {
            let path = source.path().as_str();
            if !index.dockerfiles.contains(path)
                && speaks_of_arguments(source.text())
                && !repository.is_excluded_caller(source.path())
            {
                index.passing.insert(path.to_owned());
            } else {
                index.passing.remove(path);
            }
        }
        index.place(builds);
        index
    }

    fn place(&mut self, builds: &[Build]) {
        self.placed.clear();
        self.unplaced.clear();
        for (at, build) in builds.iter().enumerate() {
            match &build.dockerfiles {
                Dockerfiles::One(path) => self.placed.entry(path.as_str().to_owned()).or_default().push(at),
                Dockerfiles::Several(paths) => {
                    for path in paths {
                        self.placed.entry(path.as_str().to_owned()).or_default().push(at);
                    }
                }
                Dockerfiles::Elsewhere => {}
                Dockerfiles::Unknown(_) => self.unplaced.push(at),
            }
        }
    }

    /// The files with this name in the last part of their path, in order.
    pub(super) fn named(&self, name: &str) -> &[Utf8PathBuf] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The files that are no Dockerfiles and speak of build arguments.
    pub(super) fn passing(&self) -> impl Iterator<Item = &Utf8Path> {
        self.passing.iter().map(Utf8Path::new)
    }

    /// The builds that may be of the Dockerfile at `path`, as indices in order: those that name it and those that name none.
    pub(super) fn builds_of(&self, path: &Utf8Path) -> Vec<usize> {
        let placed = self.placed.get(path.as_str()).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<usize> = placed.iter().chain(&self.unplaced).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn speaks_of_arguments(text: &str) -> bool {
    super::binding::has_argument_word(text)
}

/// The sources at `paths`.
pub(super) fn sources<'r>(repository: &'r Repository, paths: &[Utf8PathBuf]) -> Vec<&'r Source> {
    paths.iter().filter_map(|path| repository.source(path)).collect()
}
