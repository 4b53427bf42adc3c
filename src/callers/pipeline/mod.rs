//! Pipelines of CI systems that are YAML with lists of shell commands: GitLab, CodeBuild, Bitbucket, Travis, Drone,
//! Woodpecker, Buildkite.
//!
//! The commands of a job are read as one script, because one shell runs them; every variable that a pipeline sets and
//! every secret of these systems is exported to it. What differs between the systems is said in [`layout`].

mod buildkite;
mod gitlab;
mod host;
mod layout;
mod plugin;
mod script;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::offer::missing;
use super::scripts::Scripts;
use super::shell::Site;
use super::sieve::may_build;
use super::yaml::{self, Document};
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings, unreadable};
use crate::source::Source;
use crate::syntax::shell::Dialect;
use crate::syntax::view::View;
use layout::Layout;
use script::Script;

/// What shows a build in a file that can't be read.
const MARKS: [&str; 5] = ["docker build", "buildx build", "buildah", "podman build", "kaniko/executor"];

/// The caller for the pipelines of one system.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline(&'static Layout);

/// The callers for all systems.
pub const GITLAB: Pipeline = Pipeline(&layout::GITLAB);
/// See [`GITLAB`].
pub const CODE_BUILD: Pipeline = Pipeline(&layout::CODE_BUILD);
/// See [`GITLAB`].
pub const BITBUCKET: Pipeline = Pipeline(&layout::BITBUCKET);
/// See [`GITLAB`].
pub const TRAVIS: Pipeline = Pipeline(&layout::TRAVIS);
/// See [`GITLAB`].
pub const DRONE: Pipeline = Pipeline(&layout::DRONE);
/// See [`GITLAB`].
pub const BUILDKITE: Pipeline = Pipeline(&layout::BUILDKITE);

impl Caller for Pipeline {
    fn format(&self) -> Format {
        self.0.format
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        yaml::has_ending(path) && (self.0.recognises)(path)
    }

    fn takes_in(&self, source: &Source, path: &Utf8Path) -> bool {
        self.format() == Format::GitLab && gitlab::takes_in(source, project(source.path()), path)
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        let plugins = match self.format() {
            Format::Drone => plugin::is_mentioned,
            Format::Buildkite => buildkite::is_mentioned,
            _ => |_: &str| false,
        };
        if !may_build(source.text()) && !plugins(source.text()) {
            return Vec::new();
        }
        match yaml::read(source.text()) {
            Ok(documents) => self.builds_in(&documents, source, around),
            Err(error) => unreadable::builds(self.format(), source, &error, &MARKS),
        }
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let refuse = |reason: &str| Refusal { reason: reason.to_owned(), range: build.range, instead: None };
        let documents = yaml::read(source.text()).map_err(|error| refuse(&error.to_string()))?;
        if let Some(passed) = plugin::pass_secrets(self, &documents, source, around, build, requests) {
            return passed;
        }
        if self.format() == Format::Buildkite
            && let Some(refused) = buildkite::refuse(&documents, source, build, requests)
        {
            return Err(refused);
        }
        self.scripts(&documents, source, around).pass_secrets(around, build, requests)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        let refuse = |reason: &str| Refusal { reason: reason.to_owned(), range: build.range, instead: None };
        let documents = yaml::read(source.text()).map_err(|error| refuse(&error.to_string()))?;
        let variable = offers.iter().any(|offer| matches!(offer, Offer::Variable { .. }));
        if self.format() == Format::Drone && variable && !missing(build, offers)?.is_empty() {
            // docs.drone.io/secret: a step's environment gets no secret that it does not name.
            return Err(refuse(
                "a step of this pipeline gets a secret only through `from_secret` in its `environment`",
            ));
        }
        self.scripts(&documents, source, around).offer(around, build, offers)
    }
}

impl Pipeline {
    fn builds_in(&self, documents: &[Document], source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        let mut builds = self.scripts(documents, source, around).builds(around);
        let of_plugins = match self.format() {
            Format::Drone => plugin::builds(documents, source, around),
            Format::Buildkite => buildkite::builds(documents, source),
            _ => Vec::new(),
        };
        if !of_plugins.is_empty() {
            builds.extend(of_plugins);
            builds.sort_by_key(|build| build.range.start());
            builds.iter_mut().enumerate().for_each(|(index, build)| build.index = index);
        }
        builds
    }

    fn scripts<'s>(&'s self, documents: &'s [Document], source: &'s Source, around: &dyn Surroundings) -> Scripts<'s> {
        let mut scripts: Vec<Script<'_>> =
            documents.iter().flat_map(|document| self.0.scripts(document, source, around)).collect();
        if self.format() == Format::CodeBuild && !scripts.is_empty() {
            let image = host::project_image(around);
            scripts.iter_mut().for_each(|script| script.host.run_in(image.as_deref()));
        }
        let sites = scripts.iter().filter_map(|script| self.site(script, source)).collect();
        Scripts { caller: self, source, documents, sites }
    }

    fn site<'s>(&self, script: &Script<'_>, source: &'s Source) -> Option<Site<'s>> {
        let views = script.commands.iter().map(|command| yaml::view(source.text(), command.node()));
        let views: Vec<View> = views.collect::<Option<_>>()?;
        // A file that a pipeline takes in may be anywhere; its jobs start where the pipeline does.
        let directory = if self.recognises(source.path()) { project(source.path()) } else { Utf8Path::new("") };
        let mut directories: Vec<Utf8PathBuf> = vec![directory.to_owned(), Utf8PathBuf::new()];
        directories.dedup();
        Some(Site {
            format: self.format(),
            file: source.path(),
            text: source.text(),
            view: Rc::new(View::joined(views)?),
            dialect: Dialect::Bash,
            directories,
            checkout: directory.to_owned(),
            folders: Vec::new(),
            foreign: std::collections::BTreeMap::new(),
            environment: script.variables.clone(),
            classic: script.classic(self.0),
            release: script.host.release(),
            options_only: false,
            documentation: false,
            sourced: script.unseen,
        })
    }
}

/// The folder in which the commands start: the one that holds the file, or the folder of the system's files.
fn project(file: &Utf8Path) -> &Utf8Path {
    let folder = file.parent().unwrap_or(Utf8Path::new(""));
    let own = folder.ancestors().find(|part| part.file_name().is_some_and(|name| name.starts_with('.')));
    own.and_then(Utf8Path::parent).unwrap_or(folder)
}
