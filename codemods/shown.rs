//! The secrets that the RUNs of a Dockerfile hold, and where they show them: what `secret-logged` and
//! `mounted-secret-written` have in common.

use std::collections::BTreeSet;

use crate::model::{Dockerfile, Exposure, ExposureKind, Holders, Model, exposures};
use crate::source::TextRange;

/// A secret in the RUN at `step`.
#[derive(Debug, Clone)]
pub struct Held {
    /// What a person calls it: its variable, or its id.
    pub name: String,
    /// The RUN.
    pub step: usize,
    /// How the RUN gets it.
    pub by: By,
}

/// How a RUN gets a secret.
#[derive(Debug, Clone)]
pub enum By {
    /// In these variables, from an ARG or ENV.
    Variables(BTreeSet<String>),
    /// By the mount of this id.
    Mount(String),
}

impl Held {
    /// The id of the mount that it comes by.
    #[must_use]
    pub fn mount(&self) -> Option<&str> {
        match &self.by {
            By::Mount(id) => Some(id),
            By::Variables(_) => None,
        }
    }

    /// What holds the value in that RUN of a state of the file.
    #[must_use]
    pub fn holders(&self, dockerfile: &Dockerfile) -> Option<Holders> {
        match &self.by {
            By::Variables(names) => {
                let run = dockerfile.steps.get(self.step)?.run.as_deref()?;
                Some(Holders::of_variables(run, names.iter().cloned()))
            }
            By::Mount(id) => {
                let mut mounts = dockerfile.secret_mounts(self.step);
                mounts.retain(|mount| mount.id == *id);
                Some(Holders::of_mounts(dockerfile, self.step, &mounts))
            }
        }
    }

    /// Where that RUN shows it.
    #[must_use]
    pub fn exposures(&self, dockerfile: &Dockerfile) -> Vec<Exposure> {
        let run = dockerfile.steps.get(self.step).and_then(|step| step.run.as_deref());
        let found = run.zip(self.holders(dockerfile)).map(|(run, holders)| exposures(run, &holders));
        found.unwrap_or_default()
    }

    /// The place of an exposure in the file, or the RUN's keyword.
    #[must_use]
    pub fn place(&self, dockerfile: &Dockerfile, at: &Exposure) -> TextRange {
        let step = &dockerfile.steps[self.step];
        let view = step.run.as_deref().and_then(|run| run.shells.get(at.shell)?.view.as_ref());
        view.and_then(|view| view.host_range(at.command)).unwrap_or_else(|| step.instruction.keyword_range())
    }
}

/// Why a file keeps the value that `program` tells of its work, as a sentence without a period.
#[must_use]
pub fn reported(program: &str, path: &str) -> String {
    format!("what `{program}` tells of its work goes into `{path}`, with the value in it")
}

/// The mounted secrets of every RUN, in order.
#[must_use]
pub fn mounted(dockerfile: &Dockerfile) -> Vec<Held> {
    let steps = 0..dockerfile.steps.len();
    let mounts = steps.flat_map(|step| dockerfile.secret_mounts(step).into_iter().map(move |mount| (step, mount)));
    let held = mounts.map(|(step, mount)| {
        let name = mount.variable.unwrap_or_else(|| mount.id.clone());
        Held { name, step, by: By::Mount(mount.id) }
    });
    held.collect()
}

/// The secrets that every RUN has from an ARG or ENV.
#[must_use]
pub fn declared(model: &Model, dockerfile: &Dockerfile) -> Vec<Held> {
    let secrets = model.secrets(dockerfile);
    let of = |secret: &crate::model::Secret| {
        let name = secret.flow.name.clone();
        let visible = secret.flow.visible.iter();
        let held = visible.map(move |(step, names)| Held {
            name: name.clone(),
            step: *step,
            by: By::Variables(names.clone()),
        });
        held.collect::<Vec<_>>()
    };
    secrets.iter().flat_map(of).collect()
}

/// Whether the RUN at `step` has no commands but those that print one of the secrets `held` in it.
#[must_use]
pub fn does_nothing_but_print<'h>(
    dockerfile: &Dockerfile,
    step: usize,
    held: impl IntoIterator<Item = &'h Held>,
) -> bool {
    let own = held.into_iter().filter(|held| held.step == step);
    let shown: Vec<Exposure> = own.flat_map(|held| held.exposures(dockerfile)).collect();
    let run = dockerfile.steps.get(step).and_then(|step| step.run.as_deref());
    let items = run.and_then(|run| run.shells.first()).map(|shell| shell.script.items.as_slice()).unwrap_or_default();
    let is_printed = |at| {
        let mut own = shown.iter().filter(|exposure| exposure.kind == ExposureKind::Printed && exposure.shell == 0);
        own.any(|exposure| exposure.item == at)
    };
    !items.is_empty() && items.iter().all(|item| is_printed(item.range))
}
