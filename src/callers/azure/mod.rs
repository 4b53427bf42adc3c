//! Azure Pipelines: scripts of steps, and the task Docker@2.
//!
//! `$(NAME)` is replaced before anything runs. Variables are exported to scripts unless they are secret: those reach them only
//! through the `env` of a step (learn.microsoft.com, "Set secret variables").

mod paths;
mod step;
mod task;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::offer::refusal;
use super::scripts::Scripts;
use super::shell::{Provide, Replaced, Site, as_options};
use super::sieve::may_build;
use super::yaml::{self, Cursor, Document, Patch, Path, Step as PathStep};
use super::{
    Build, Caller, Dockerfiles, Format, Offer, Refusal, Request, Rewrite, Surroundings, environment, location,
    unreadable,
};
use crate::source::Source;
use crate::syntax::shell::Dialect;
use crate::syntax::view::Quoting;
use step::Step;

/// What shows a build in a file that can't be read.
const MARKS: [&str; 4] = ["docker build", "buildx build", "task: Docker@", "az acr build"];

/// The caller for Azure's pipelines.
#[derive(Debug, Clone, Copy)]
pub struct Azure;

impl Caller for Azure {
    fn format(&self) -> Format {
        Format::Azure
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let name =
            |text: &str| ["azure-pipeline", "azure_pipeline", "azurepipeline"].iter().any(|part| text.contains(part));
        let folder = |part: &Utf8Path| {
            part.file_name().is_some_and(|folder| name(folder) || matches!(folder, ".azuredevops" | ".azure" | ".vsts"))
        };
        let own = path.file_name().is_some_and(|file| name(&file.to_lowercase()) || file.starts_with(".vsts-ci"));
        yaml::has_ending(path) && (own || path.ancestors().skip(1).any(folder))
    }

    fn recognises_text(&self, path: &Utf8Path, text: &str) -> bool {
        let task = |line: &str| {
            let task = line.trim_start().trim_start_matches("- ").strip_prefix("task:");
            task.is_some_and(|task| task.contains('@'))
        };
        yaml::has_ending(path) && (text.contains("vmImage:") || text.lines().any(task))
    }

    /// A template is named from the folder of the file that takes it in, or from the root with `/` in front; `@self` is this
    /// repository (learn.microsoft.com, "Template usage reference").
    fn takes_in(&self, source: &Source, path: &Utf8Path) -> bool {
        let is_meant = |template: &str| {
            let template = template.strip_suffix("@self").unwrap_or(template);
            let found = match template.strip_prefix('/') {
                Some(rooted) => location::resolve(Utf8Path::new(""), rooted),
                None => location::resolve(source.path().parent().unwrap_or(Utf8Path::new("")), template),
            };
            found.is_some_and(|found| found == path)
        };
        path.file_name().is_some_and(|name| source.text().contains(name))
            && yaml::read(source.text()).is_ok_and(|documents| {
                let mut templates = documents.iter().flat_map(|document| step::templates(Cursor::root(document)));
                templates.any(is_meant)
            })
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        if !may_build(source.text()) && !task::is_mentioned(source.text()) {
            return Vec::new();
        }
        match yaml::read(source.text()) {
            Ok(documents) => File::of(self, &documents, source).builds(around),
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
        let file = File::of(self, &documents, source);
        let found = file.scripts.pass(around, build, requests)?;
        let mut patch = Patch::new(source);
        let mut rewrite = found.rewrite;
        rewrite.edits.drain(..).for_each(|edit| patch.push(edit));
        let more = file.provide(&mut patch, build, &found.provide)?;
        rewrite.edits = patch.finish();
        file.scripts.proven(around, build, requests, rewrite, more)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        let documents = yaml::read(source.text()).map_err(|error| refusal(error.to_string(), build.range))?;
        if offers.iter().any(|offer| matches!(offer, Offer::Variable { .. })) {
            // Only somebody who knows how the variable is called in the pipeline can add it to `env`.
            return Err(refusal(
                "a secret variable of this pipeline reaches a step only through its `env`",
                build.range,
            ));
        }
        File::of(self, &documents, source).scripts.offer(around, build, offers)
    }
}

/// A pipeline with its steps.
struct File<'a> {
    scripts: Scripts<'a>,
    steps: Vec<Step<'a>>,
}

impl<'a> File<'a> {
    fn of(caller: &'a Azure, documents: &'a [Document], source: &'a Source) -> Self {
        let steps = documents.first().map(step::steps).unwrap_or_default();
        let sites = steps.iter().filter_map(|step| site(step, source)).collect();
        Self { scripts: Scripts { caller, source, documents, sites }, steps }
    }

    /// The builds of the scripts, and those of tasks with the Dockerfiles that their inputs name.
    fn builds(&self, around: &dyn Surroundings) -> Vec<Build> {
        let mut builds = self.scripts.builds(around);
        for step in &self.steps {
            let Some(task) = task::Task::of(step) else { continue };
            let range = step.body.node().range;
            let known = builds.iter().position(|build| range.contains_range(build.range));
            let at = known.unwrap_or_else(|| {
                builds.push(Build { range, ..task::without_options(self.scripts.source.path()) });
                builds.len() - 1
            });
            if let Some(build) = builds.get_mut(at) {
                task.describe(build, around);
            }
        }
        builds.sort_by_key(|build| build.range.start());
        builds.into_iter().enumerate().map(|(index, build)| Build { index, ..build }).collect()
    }

    /// Gives the step of `build` the variables that it lacks; says which paths of the file change with it.
    fn provide(&self, patch: &mut Patch<'_>, build: &Build, wanted: &[Provide]) -> Result<Vec<Path>, Refusal> {
        let holds = |step: &&Step<'_>| step.body.node().range.contains_range(build.range);
        let step = self.steps.iter().find(holds).ok_or_else(|| refusal("the step is not in the file", build.range))?;
        let mut missing = Vec::new();
        for provide in wanted {
            match step.body.get("env").and_then(|env| env.get(&provide.variable)).and_then(Cursor::text) {
                Some(text) if text == provide.value => {}
                Some(_) => {
                    let reason = format!("`{}` has another value in the `env` of the step", provide.variable);
                    return Err(refusal(reason, build.range));
                }
                None => missing.push(provide),
            }
        }
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let added = environment::add(patch, step.body, &missing, &["inputs", "script", "bash"]);
        added.ok_or_else(|| refusal("the `env` of the step can't be edited safely", build.range))?;
        let below = |keys: &[&str]| -> Path {
            step.path.iter().cloned().chain(keys.iter().map(|key| PathStep::Key((*key).to_owned()))).collect()
        };
        Ok(match step.body.get("env").filter(|env| !env.node().is_null()) {
            Some(_) => missing.iter().map(|provide| below(&["env", &provide.variable])).collect(),
            None => vec![below(&["env"])],
        })
    }
}

fn site<'s>(step: &Step<'_>, source: &'s Source) -> Option<Site<'s>> {
    let (text, options) = match task::Task::of(step) {
        Some(task) => (task.options?, true),
        None => (step.script()?, false),
    };
    let plain = yaml::view(source.text(), text.node())?;
    let Replaced { view, foreign, inside } =
        Replaced::new(&plain, &step::values(plain.text(), step), "AZURE_VARIABLE", Quoting::Lines)?;
    let view = if options { as_options(&view, "docker build ", " .")? } else { view };
    let folder = step.text("workingDirectory").unwrap_or(".");
    let directory = paths::resolve(folder, step)?;
    let known = inside.into_iter().filter_map(|(name, text)| Some((name, paths::value(&text, step)?)));
    let environment = step.environment().into_iter().chain(known).collect();
    Some(Site {
        format: Format::Azure,
        file: source.path(),
        text: source.text(),
        view: Rc::new(view),
        dialect: Dialect::Bash,
        directories: vec![directory],
        checkout: Utf8PathBuf::new(),
        folders: Vec::new(),
        foreign,
        environment,
        classic: step.classic(),
        release: None,
        options_only: options,
        documentation: false,
        sourced: false,
    })
}

/// All files of the repository that are called Dockerfile.
fn all_dockerfiles(around: &dyn Surroundings) -> Dockerfiles {
    let named = around.dockerfiles().iter().filter(|path| path.file_name() == Some("Dockerfile"));
    match named.cloned().collect::<Vec<_>>().as_slice() {
        [] => Dockerfiles::Unknown("**/Dockerfile".to_owned()),
        [only] => Dockerfiles::One(only.clone()),
        all => Dockerfiles::Several(all.to_vec()),
    }
}
