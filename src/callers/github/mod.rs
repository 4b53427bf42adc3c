//! GitHub: workflows and composite actions. A build is a step that uses a building action, or a
//! command in the script of a step.

mod action;
mod bake;
mod catalog;
mod expression;
mod list;
mod matrix;
mod offer;
mod pass;
mod pass_run;
mod run;
mod step;
mod tags;
mod users;

#[cfg(test)]
mod bake_tests;
#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod tests;

pub use users::users;

use camino::Utf8Path;

use super::sieve::may_build;
use super::yaml::{self, Document};
use super::{
    Build, Caller, Dockerfiles, Format, Offer, Outside, Refusal, Request, Rewrite, Surroundings, Whereabouts,
    unreadable,
};
use crate::source::Source;
use step::Step;

/// What shows a build in a file that can't be read.
const MARKS: [&str; 4] = ["build-push-action", "docker build", "buildx build", "buildah"];

/// The caller for GitHub's workflows and composite actions.
#[derive(Debug, Clone, Copy)]
pub struct GithubActions;

impl Caller for GithubActions {
    fn format(&self) -> Format {
        Format::GithubActions
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        yaml::has_ending(path) && is_github_file(path)
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        if !may_build(source.text()) && !catalog::is_mentioned(source.text()) {
            return Vec::new();
        }
        let documents = match yaml::read(source.text()) {
            Ok(documents) => documents,
            Err(error) => return unreadable::builds(Format::GithubActions, source, &error, &MARKS),
        };
        let found = found(&documents, source, around).into_iter().enumerate();
        found.map(|(index, (_, build))| Build { index, ..build }).collect()
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
        let found = found(&documents, source, around);
        let (step, _) = found.get(build.index).ok_or_else(|| refuse("the step is not in the file"))?;
        if step.input("set").is_some() && bake::build(step, source, around).is_some() {
            return bake::pass_secrets(self, source, around, build, step, requests);
        }
        if step.body.get("run").is_some() {
            return pass_run::pass_secrets(self, source, around, build, step, requests);
        }
        pass::pass_secrets(self, source, around, build, step, requests)
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
        let found = found(&documents, source, around);
        let (step, _) = found.get(build.index).ok_or_else(|| refuse("the step is not in the file"))?;
        match step.body.get("run") {
            Some(_) => offer::offer_in_script(source, around, build, step, offers),
            None => offer::offer(source, build, step, offers),
        }
    }
}

/// Every build with its step, in the order of the text.
fn found<'d>(documents: &'d [Document], source: &Source, around: &dyn Surroundings) -> Vec<(Step<'d>, Build)> {
    let mut found = Vec::new();
    for step in documents.first().map(step::steps).unwrap_or_default() {
        let by_action = action::build(&step, source, around).or_else(|| bake::build(&step, source, around));
        let mut builds: Vec<Build> = match by_action {
            Some(build) => vec![build],
            None => run::builds(&step, source, around),
        };
        if !builds.is_empty() {
            let earlier = run::written_before(&step, source, around);
            for build in &mut builds {
                build.written = [earlier.clone(), std::mem::take(&mut build.written)].concat();
            }
        }
        let told = |build| (step.clone(), if step.is_run_by_others() { for_its_caller(build) } else { build });
        found.extend(builds.into_iter().map(told));
    }
    found
}

/// What a workflow or action builds that others run: their files lie in the workspace then (docs.github.com, "Reuse
/// workflows", "the `github` context is always associated with the caller workflow").
fn for_its_caller(build: Build) -> Build {
    let named = |text: &str| text.contains('/') || text.contains("ockerfile") || text.contains("ontainerfile");
    let is_inner = |text: &str| !text.starts_with(['/', '~']) && !text.starts_with("../");
    let is_path = |text: &str| !text.contains(['$', '{', ' ']) && named(text) && is_inner(text);
    let dockerfile = match &build.dockerfiles {
        _ if build.outside.is_some() => return build,
        Dockerfiles::Elsewhere => return build,
        Dockerfiles::One(path) => Some(path.clone()),
        Dockerfiles::Unknown(text) if is_path(text) => Some(text.into()),
        Dockerfiles::Unknown(_) | Dockerfiles::Several(_) => None,
    };
    Build { outside: Some(Outside { repository: Whereabouts::Caller, reference: None, dockerfile }), ..build }
}

/// Whether GitHub reads the file: everything in `.github`, and an `action.yml` anywhere.
pub(super) fn is_github_file(path: &Utf8Path) -> bool {
    let inside = path.components().any(|part| part.as_str() == ".github");
    inside || matches!(path.file_name(), Some("action.yml" | "action.yaml"))
}
