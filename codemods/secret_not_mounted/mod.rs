#![doc = include_str!("page.md")]

mod idle;
mod reads;

use super::prelude::*;
use crate::knowledge::engines::Feature;
use crate::model::SECRETS;
use crate::plan::{FollowUp, Mount};
use reads::{Read, reads};

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "secret-not-mounted",
    summary: "a RUN reads a secret that is not mounted in it",
    page: include_str!("page.md"),
    may_find: names_secrets,
    find,
};

/// Whether a Dockerfile of this text has a mount, or names the folder of mounted secrets.
fn names_secrets(text: &str) -> bool {
    has_a_mount(text) || text.contains(SECRETS)
}

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    unmounted(model, dockerfile).into_iter().chain(idle::find(model, dockerfile)).collect()
}

/// One finding for each file that is read where it is not mounted.
fn unmounted(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let reads = reads(dockerfile);
    let mut paths: Vec<&str> = Vec::new();
    for read in &reads {
        if !paths.contains(&read.path.as_str()) {
            paths.push(&read.path);
        }
    }
    paths.into_iter().filter_map(|path| Unmounted::new(model, dockerfile, path, &reads).finding()).collect()
}

/// A secret's file that some RUNs read without its mount.
struct Unmounted<'m> {
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    path: &'m str,
    reads: Vec<&'m Read>,
}

/// Where the mount's text comes from.
enum Known {
    /// Another RUN has the same mount.
    Mounted(crate::model::SecretMount),
    /// A build passes a secret of this id.
    Passed(String),
    /// Nobody knows the secret but the RUN.
    Nowhere,
}

impl<'m> Unmounted<'m> {
    fn new(model: &'m Model, dockerfile: &'m Dockerfile, path: &'m str, reads: &'m [Read]) -> Self {
        let reads = reads.iter().filter(|read| read.path == path).collect();
        Self { model, dockerfile, path, reads }
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    fn known(&self) -> Known {
        let mut mounts = (0..self.dockerfile.steps.len()).flat_map(|step| self.dockerfile.secret_mounts(step));
        if let Some(mount) = mounts.find(|mount| mount.path.as_deref() == Some(self.path)) {
            return Known::Mounted(mount);
        }
        let bound = self.model.bound_builds(self.dockerfile);
        let mut ids = bound.iter().flat_map(|bound| &bound.build.secrets).map(|passed| &passed.id);
        let alike = |id: &&String| same_but_for_spelling(id, self.name());
        ids.find(alike).map_or(Known::Nowhere, |id| Known::Passed(id.clone()))
    }

    fn flag(&self, known: &Known, step: usize) -> String {
        let mut flag = match known {
            Known::Mounted(mount) => mount.flag.clone(),
            Known::Passed(id) if id != self.name() => format!("--mount=type=secret,id={id},target={}", self.path),
            Known::Passed(_) | Known::Nowhere => format!("--mount=type=secret,id={}", self.name()),
        };
        // A secret file belongs to root with mode 0400 unless it is said otherwise (BuildKit docs, experiment).
        if !self.dockerfile.surely_runs_as_root(step) && !flag.contains("mode=") && !flag.contains("uid=") {
            flag.push_str(",mode=0444");
        }
        flag
    }

    fn finding(&self) -> Option<Finding> {
        let primary = self.reads.first()?;
        let known = self.known();
        let (fix, notes) = self.change(&known).finish(format!("mount the secret `{}` there", self.id(&known)));
        let label = |read: &&Read, text: &str| Label {
            file: self.dockerfile.path().to_owned(),
            range: read.place,
            text: text.to_owned(),
        };
        Some(Finding {
            codemod: CODEMOD.id,
            severity: Severity::Error,
            dockerfile: self.dockerfile.path().to_owned(),
            subject: self.path.to_owned(),
            title: format!("`{}` is read in a RUN that does not mount it", self.path),
            primary: label(primary, "there is no such file in this RUN"),
            labels: self.reads[1..].iter().map(|read| label(read, "nor in this one")).collect(),
            notes,
            fix,
        })
    }

    fn id(&self, known: &Known) -> String {
        match known {
            Known::Mounted(mount) => mount.id.clone(),
            Known::Passed(id) => id.clone(),
            Known::Nowhere => self.name().to_owned(),
        }
    }

    fn change(&self, known: &Known) -> Change<'m> {
        let mut change = Change::new(self.model, self.dockerfile);
        refuse_broken_file(&mut change, self.dockerfile);
        refuse_builders_without_secrets(&mut change, self.model, self.dockerfile);
        let mut steps: Vec<usize> = self.reads.iter().map(|read| read.step).collect();
        steps.dedup();
        for step in steps {
            change.mount(step, Mount::Flag(self.flag(known, step)));
        }
        let variable = matches!(known, Known::Mounted(mount) if mount.variable.is_some());
        change.require(if variable { Feature::SecretEnv } else { Feature::Mount });
        if matches!(known, Known::Nowhere) {
            let (id, path) = (self.id(known), self.dockerfile.path());
            change.assume(format!("every build of `{path}` is to pass a secret `{id}`: none passes it now"));
            change.follow_up(FollowUp::Provide(format!("`--secret id={id},src=…` wherever `{path}` is built")));
        }
        if !self.path.starts_with(SECRETS) {
            change.assume(format!("the image has no file `{}` of its own that is meant there", self.path));
        }
        change
    }
}
