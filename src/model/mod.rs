//! What the files mean together: stages and scopes, where each secret enters, who can read it, where it comes to rest,
//! and which builds pass it.
//!
//! Invariant: nothing here knows how a fix is written; everything is an answer about the files as they are.

mod binding;
mod dockerfile;
mod flow;
mod reading;
mod rest;
mod run;
mod secret;

pub use binding::{Binding, BoundBuild, Mention};
pub use dockerfile::{Base, Dockerfile, Interpreter, Stage, Step};
pub use flow::{Flow, OutsideUse, PairPlace, Relay};
pub use reading::{Evidence, Reader};
pub use rest::{Rest, RestKind, rests};
pub use run::{Form, Run, ShellText, mentions};
pub use secret::{Entry, Secret, Use};

use camino::Utf8Path;

use crate::callers::{self, Build};
use crate::repository::Repository;

/// One repository, understood.
#[derive(Debug)]
pub struct Model<'r> {
    /// Its files.
    pub repository: &'r Repository,
    /// Its Dockerfiles, in order of their paths.
    pub dockerfiles: Vec<Dockerfile>,
    /// Every build that is written down in it.
    pub builds: Vec<Build>,
}

impl<'r> Model<'r> {
    /// Understands the Dockerfiles for which `wanted` holds, and all builds of the repository.
    #[must_use]
    pub fn new(repository: &'r Repository, wanted: impl Fn(&Utf8Path) -> bool) -> Self {
        let sources = repository.dockerfiles().iter().filter_map(|path| repository.source(path));
        let dockerfiles: Vec<Dockerfile> =
            sources.filter(|source| wanted(source.path())).map(|source| Dockerfile::new(source.clone())).collect();
        let builds = if dockerfiles.is_empty() { Vec::new() } else { callers::builds(repository) };
        Self { repository, dockerfiles, builds }
    }

    /// What reads a value in the RUNs of `dockerfile`.
    #[must_use]
    pub fn reader<'d>(&self, dockerfile: &'d Dockerfile) -> Reader<'d>
    where
        'r: 'd,
    {
        Reader::new(self.repository, dockerfile.path())
    }

    /// The targets that the builds of `dockerfile` name.
    #[must_use]
    pub fn targets(&self, dockerfile: &Dockerfile) -> Vec<String> {
        self.bound_builds(dockerfile).iter().filter_map(|bound| bound.build.target.clone()).collect()
    }
}
