use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::callers::Build;
use crate::config::Settings;
use crate::repository::Repository;

use super::dockerfile::Text;
use super::{Foreign, Known, Model, index};

/// What other threads need to make the same model: trees with their positions can't cross threads.
#[derive(Debug)]
pub struct Shared<'m> {
    repository: &'m Repository,
    texts: &'m Arc<[Text]>,
    builds: &'m Arc<Vec<Build>>,
    foreign: &'m Arc<[Foreign]>,
    index: &'m index::Index,
    places: &'m Arc<HashMap<String, usize>>,
    settings: &'m Arc<[Arc<Settings>]>,
}

impl Model {
    /// What other threads need to make the same model.
    #[must_use]
    pub fn shared(&self) -> Shared<'_> {
        Shared {
            repository: &self.repository,
            texts: &self.texts,
            builds: &self.builds,
            foreign: &self.foreign,
            index: &self.index,
            places: &self.places,
            settings: &self.settings,
        }
    }
}

impl Shared<'_> {
    /// The same model, whose answers are noted apart. Its Dockerfiles are understood when they are looked at.
    #[must_use]
    pub fn model(&self) -> Model {
        let repository = self.repository.noted_apart();
        Model {
            index: self.index.noted_by(repository.recorder()),
            repository: Rc::new(repository),
            dockerfiles: self.texts.iter().map(Text::lazy).collect(),
            texts: Arc::clone(self.texts),
            builds: Arc::clone(self.builds),
            foreign: Arc::clone(self.foreign),
            places: Arc::clone(self.places),
            secrets: Known::of(self.texts.len()),
            copied: Known::of(self.texts.len()),
            settings: Arc::clone(self.settings),
        }
    }
}
