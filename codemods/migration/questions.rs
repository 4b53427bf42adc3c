//! What a person can decide about a migration.

use camino::Utf8PathBuf;

use super::{Migration, Style};
use crate::callers::{Build, Dockerfiles};
use crate::config::{MountForm, Needed, Setting};
use crate::model::{Binding, Model};
use crate::plan::Finding;

/// Something that a person can decide, because the files of the repository leave it open and the repair depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is asked, without a question mark.
    pub title: String,
    /// The answers: what is shown, and what is decided with it.
    pub answers: Vec<(String, Setting)>,
}

/// What can be decided about the fix of `finding`, which is one of `model`.
#[must_use]
pub fn questions(model: &Model, finding: &Finding) -> Vec<Question> {
    let Some(dockerfile) = model.dockerfile(&finding.dockerfile) else { return Vec::new() };
    let secrets = model.secrets(dockerfile);
    let secret = secrets.iter().find(|secret| secret.flow.name == finding.subject);
    let migration = secret.map(|secret| Migration::new(model, dockerfile, secret.clone()));
    let of_it = migration.filter(|migration| migration.codemod() == finding.codemod);
    let Some(migration) = of_it else { return Vec::new() };
    [migration.which_form(), migration.which_id(), migration.when_needed()]
        .into_iter()
        .flatten()
        .chain(migration.which_dockerfile())
        .collect()
}

impl Migration<'_> {
    fn which_form(&self) -> Option<Question> {
        let name = self.name().to_owned();
        let is_open = self.only_style().is_none() && !self.secret.uses.is_empty();
        let now = |style| if self.style() == style { " (as shown)" } else { "" };
        let answers = vec![
            (format!("as a variable{}", now(Style::Variable)), Setting::Mount(name.clone(), MountForm::Env)),
            (format!("as a file{}", now(Style::File)), Setting::Mount(name.clone(), MountForm::File)),
        ];
        is_open.then(|| Question { title: format!("how RUN gets `{name}`"), answers })
    }

    fn which_id(&self) -> Option<Question> {
        let name = self.name().to_owned();
        let mut ids = vec![self.id(), name.to_lowercase(), name.to_lowercase().replace('_', "-"), name.clone()];
        let mut seen = std::collections::BTreeSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        let answers = ids.into_iter().map(|id| (id.clone(), Setting::Id(name.clone(), id))).collect();
        let is_open = self.has_open_id() && !self.secret.uses.is_empty();
        is_open.then(|| Question { title: format!("the id of the secret `{name}`"), answers })
    }

    fn when_needed(&self) -> Option<Question> {
        let name = self.name().to_owned();
        let answers = vec![
            ("only while the image is built".to_owned(), Setting::Needed(name.clone(), Needed::Build)),
            ("in the running container".to_owned(), Setting::Needed(name.clone(), Needed::Run)),
        ];
        self.may_be_needed_in_container().then(|| Question { title: format!("when `{name}` is needed"), answers })
    }

    /// The builds that pass the value to this Dockerfile or to another one. A file with several of them is left out:
    /// one answer would be for all.
    fn which_dockerfile(&self) -> Vec<Question> {
        let is_unknown = |build: &Build| matches!(build.dockerfiles, Dockerfiles::Unknown(_));
        let doubtful = self.bound.iter().filter(|bound| {
            let passes = bound.build.arguments.iter().any(|given| given.name == self.name());
            let others = self.model.builds_of_file(&bound.build.file).filter(|other| is_unknown(other));
            is_unknown(bound.build) && passes && bound.binding != Binding::Named && others.count() == 1
        });
        let mut files: Vec<&Utf8PathBuf> = doubtful.map(|bound| &bound.build.file).collect();
        files.dedup();
        let dockerfiles = self.model.repository.dockerfiles();
        let answers = |file: &Utf8PathBuf| {
            let answer = |path: &Utf8PathBuf| (path.to_string(), Setting::Build(file.clone(), path.clone()));
            dockerfiles.iter().map(answer).collect()
        };
        let question = |file: &Utf8PathBuf| Question { title: format!("what `{file}` builds"), answers: answers(file) };
        files.into_iter().filter(|_| dockerfiles.len() > 1).map(question).collect()
    }
}
