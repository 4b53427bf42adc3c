use std::sync::Arc;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::callers::{Build, Dockerfiles, Offer, Outside, Request};
use crate::source::Source;

use super::{Binding, BoundBuild, Dockerfile, Model};

/// A Dockerfile of another repository that builds of this one are of: what somebody knows who sees both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// The file of this repository that builds it.
    pub file: Utf8PathBuf,
    /// How the builds in that file name it.
    pub outside: Outside,
    /// The repository that has it, for a person: `github.com/acme/shop`.
    pub repository: String,
    /// Its path from the root of that repository.
    pub dockerfile: Utf8PathBuf,
    /// What becomes of build arguments. Those that the Dockerfile still takes where a build may run, the secrets come
    /// [beside](Request::beside).
    pub requests: Vec<Request>,
    /// What builds have to hand over besides.
    pub offers: Vec<Offer>,
}

impl Foreign {
    /// A path that no file of this repository has: that of the repository with the Dockerfile's.
    #[must_use]
    pub fn place(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(&self.repository).join(&self.dockerfile)
    }
}

impl Model {
    /// The same, knowing the Dockerfiles of other repositories. A build of one of them is of no Dockerfile of this one.
    #[must_use]
    pub fn knowing(mut self, foreign: &[Foreign]) -> Self {
        self.foreign = foreign.into();
        if self.foreign.is_empty() {
            return self;
        }
        let builds =
            if self.builds.is_empty() { crate::callers::builds(&self.repository) } else { self.builds.to_vec() };
        self.builds = Arc::new(elsewhere(&self.foreign, builds));
        self.index.bind(&self.repository, &self.builds);
        self
    }

    /// What is known of the Dockerfiles of other repositories that `build` is of.
    pub fn foreign_of<'m>(&'m self, build: &'m Build) -> impl Iterator<Item = &'m Foreign> {
        of(&self.foreign, build)
    }

    /// The Dockerfiles of other repositories that are known, each once and without its text.
    #[must_use]
    pub fn foreign_dockerfiles(&self) -> Vec<Dockerfile> {
        let mut places: Vec<Utf8PathBuf> = Vec::new();
        for place in self.foreign.iter().map(Foreign::place) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places.into_iter().map(|place| Dockerfile::new(Source::new(place, Vec::new()))).collect()
    }

    /// How the files here name `dockerfile`, one of [`Self::foreign_dockerfiles`]; empty for one of this repository.
    #[must_use]
    pub fn foreign_ways(&self, dockerfile: &Dockerfile) -> Vec<&Foreign> {
        self.foreign.iter().filter(|foreign| foreign.place() == dockerfile.path()).collect()
    }

    /// The builds that are of `dockerfile`, one of [`Self::foreign_dockerfiles`]; `None` for one of this repository.
    pub(super) fn foreign_builds(&self, dockerfile: &Dockerfile) -> Option<Vec<BoundBuild<'_>>> {
        let is = |one: &Foreign| one.place() == dockerfile.path();
        if !self.foreign.iter().any(is) {
            return None;
        }
        let builds = self.builds.iter().filter(|build| self.foreign_of(build).any(is));
        Some(builds.map(|build| BoundBuild { build, binding: Binding::Named }).collect())
    }
}

/// What is known of the Dockerfiles of other repositories that `build` is of.
fn of<'m>(foreign: &'m [Foreign], build: &'m Build) -> impl Iterator<Item = &'m Foreign> {
    let named = build.outside.as_ref();
    foreign.iter().filter(move |one| one.file == build.file && Some(&one.outside) == named)
}

/// `builds`, of which those of other repositories are of no Dockerfile of this one. What a workflow builds for its caller may
/// be of both.
pub(super) fn elsewhere(foreign: &[Foreign], mut builds: Vec<Build>) -> Vec<Build> {
    let by_caller = |one: &Foreign| one.outside.repository == crate::callers::Whereabouts::Caller;
    for build in &mut builds {
        if of(foreign, build).any(|one| !by_caller(one)) {
            build.dockerfiles = Dockerfiles::Elsewhere;
        }
    }
    builds
}
