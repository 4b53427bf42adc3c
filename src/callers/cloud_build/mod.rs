//! Google Cloud Build: steps with the words of a command in `args`, and steps that run a script in a shell.
//!
//! `$NAME` and `${NAME}` are substitutions, which are put in as text before a step begins; `$$` is a dollar
//! (cloud.google.com/build/docs, "Substituting variable values"). A step sees the variables of its `env` and the secrets of its
//! `secretEnv`.

mod script;
mod step;
#[cfg(test)]
mod tests;
mod words;

use camino::Utf8Path;

use super::offer::{missing, refusal};
use super::yaml::{self, Document};
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings, unreadable};
use crate::source::Source;
use step::Step;

/// What shows a build in a file that can't be read.
const MARKS: [&str; 3] = ["cloud-builders/docker", "docker build", "kaniko-project/executor"];

/// The caller for the configurations of Cloud Build.
#[derive(Debug, Clone, Copy)]
pub struct CloudBuild;

impl Caller for CloudBuild {
    fn format(&self) -> Format {
        Format::CloudBuild
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let own =
            path.file_stem().is_some_and(|name| name.to_lowercase().replace(['-', '_'], "").contains("cloudbuild"));
        own && (yaml::has_ending(path) || path.extension() == Some("json"))
    }

    fn recognises_text(&self, path: &Utf8Path, text: &str) -> bool {
        (yaml::has_ending(path) || path.extension() == Some("json")) && text.contains("gcr.io/cloud-builders/")
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        if !MARKS.iter().any(|mark| source.text().contains(mark)) && !super::sieve::may_build(source.text()) {
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
        let documents = yaml::read(source.text()).map_err(|error| refusal(error.to_string(), build.range))?;
        let steps = documents.first().map(step::steps).unwrap_or_default();
        let step = steps.iter().find(|step| step.body.node().range.contains_range(build.range));
        let step = step.ok_or_else(|| refusal("the step is not in the file", build.range))?;
        if step.words().is_some() {
            return words::pass_secrets(self, source, around, build, step, requests);
        }
        script::scripts(self, &documents, &steps, source).pass_secrets(around, build, requests)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        let documents = yaml::read(source.text()).map_err(|error| refusal(error.to_string(), build.range))?;
        if missing(build, offers)?.is_empty() {
            return Ok(Rewrite::default());
        }
        let steps = documents.first().map(step::steps).unwrap_or_default();
        if offers.iter().any(|offer| matches!(offer, Offer::Variable { .. })) {
            return Err(refusal("a secret of Cloud Build reaches a step only through its `secretEnv`", build.range));
        }
        let inside = |step: &&Step<'_>| step.body.node().range.contains_range(build.range);
        if steps.iter().find(inside).is_none_or(|step| step.words().is_some()) {
            let instead = Some("'--secret', 'id=ID,src=PATH'".to_owned());
            return Err(Refusal {
                instead,
                ..refusal("the words of this step are not edited for a file", build.range)
            });
        }
        script::scripts(self, &documents, &steps, source).offer(around, build, offers)
    }
}

impl CloudBuild {
    fn builds_in(&self, documents: &[Document], source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        let steps = documents.first().map(step::steps).unwrap_or_default();
        let mut builds = script::scripts(self, documents, &steps, source).builds(around);
        builds.extend(steps.iter().filter_map(|step| words::build(step, source, around)));
        builds.sort_by_key(|build| build.range.start());
        builds.into_iter().enumerate().map(|(index, build)| Build { index, ..build }).collect()
    }
}
