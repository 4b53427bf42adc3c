use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::callers::Build;
use crate::config::Settings;
use crate::repository::Repository;
use crate::source::Source;
use crate::syntax::dockerfile::Parse;

use super::{Dockerfile, Foreign, Known, Model, index};

/// What other threads need to make the same model: trees with their positions can't cross threads.
#[derive(Debug)]
pub struct Shared<'m> {
    repository: &'m Repository,
    dockerfiles: Vec<(&'m Source, &'m Parse)>,
    builds: &'m Arc<Vec<Build>>,
    foreign: &'m Arc<[Foreign]>,
    index: &'m index::Index,
    places: &'m Arc<BTreeMap<String, usize>>,
    settings: &'m Arc<BTreeMap<Utf8PathBuf, Arc<Settings>>>,
}

impl Model {
    /// What other threads need to make the same model.
    #[must_use]
    pub fn shared(&self) -> Shared<'_> {
        Shared {
            repository: &self.repository,
            dockerfiles: self.dockerfiles.iter().map(|one| (&one.source, &one.parse)).collect(),
            builds: &self.builds,
            foreign: &self.foreign,
            index: &self.index,
            places: &self.places,
            settings: &self.settings,
        }
    }
}

impl Shared<'_> {
    /// The same model, whose answers are noted apart.
    #[must_use]
    pub fn model(&self) -> Model {
        let repository = self.repository.noted_apart();
        let again = |(source, parse): &(&Source, &Parse)| Dockerfile::of((*source).clone(), (*parse).clone());
        Model {
            index: self.index.noted_by(repository.recorder()),
            repository: Rc::new(repository),
            dockerfiles: self.dockerfiles.iter().map(again).map(Rc::new).collect(),
            builds: Arc::clone(self.builds),
            foreign: Arc::clone(self.foreign),
            places: Arc::clone(self.places),
            secrets: Known::of(self.dockerfiles.len()),
            copied: Known::of(self.dockerfiles.len()),
            settings: Arc::clone(self.settings),
        }
    }
}
