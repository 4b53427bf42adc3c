//! YAML files whose builds are all in shell text: what the formats of CI systems have in common.

use super::shell::{self, ScriptRewrite, Site};
use super::verify::{same_elsewhere, verified};
use super::yaml::{self, Document, Path};
use super::{Build, Caller, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::source::Source;

/// One file with its scripts.
pub(super) struct Scripts<'a> {
    /// Whose file it is.
    pub caller: &'a dyn Caller,
    /// The file.
    pub source: &'a Source,
    /// Its documents.
    pub documents: &'a [Document],
    /// Its scripts, one for each of the circumstances in which it runs.
    pub sites: Vec<Site<'a>>,
}

impl Scripts<'_> {
    /// The builds of all scripts; a text that several jobs run builds what it builds in any of them.
    pub(super) fn builds(&self, around: &dyn Surroundings) -> Vec<Build> {
        let mut builds: Vec<Build> = Vec::new();
        for site in &self.sites {
            for build in shell::builds(site, around) {
                match builds.iter_mut().find(|known| known.range == build.range) {
                    Some(known) => known.merge(build),
                    None => builds.push(build),
                }
            }
        }
        builds.sort_by_key(|build| build.range.start());
        builds.into_iter().enumerate().map(|(index, build)| Build { index, ..build }).collect()
    }

    /// The edits inside the scripts, and what the environment of the command lacks for them.
    pub(super) fn pass(
        &self,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<ScriptRewrite, Refusal> {
        shell::pass_secrets_in(&self.sites, around, build, requests)
    }

    /// The rewrite of a format in which every variable is exported: nothing has to be added to an environment.
    pub(super) fn pass_secrets(
        &self,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let found = self.pass(around, build, requests)?;
        if let Some(provide) = found.provide.first() {
            let reason = format!("`{}` is not in the environment of the command", provide.variable);
            return Err(Refusal { reason, range: build.range, instead: None });
        }
        self.proven(around, build, requests, found.rewrite, Vec::new())
    }

    /// `rewrite`, if the file says the same outside of the texts that it changes and of the paths `more`.
    pub(super) fn proven(
        &self,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
        rewrite: Rewrite,
        more: Vec<Path>,
    ) -> Result<Rewrite, Refusal> {
        if rewrite.edits.is_empty() {
            return Ok(rewrite);
        }
        let changed = [yaml::paths_of(self.documents, &rewrite.edits), more].concat();
        verified(self.caller, self.source, around, build, requests, rewrite, &changed)
    }

    /// See [`Caller::offer`].
    pub(super) fn offer(&self, around: &dyn Surroundings, build: &Build, offers: &[Offer]) -> Result<Rewrite, Refusal> {
        let rewrite = shell::offer_in(&self.sites, around, build, offers)?;
        let changed = yaml::paths_of(self.documents, &rewrite.edits);
        same_elsewhere(self.source, rewrite, build.range, &changed)
    }
}
