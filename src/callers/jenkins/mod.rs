//! Jenkins: the scripts of `sh`, the options of `docker.build` and the `additionalBuildArgs` of agents.
//!
//! A pipeline is a Groovy program. Only its strings are read: those of the steps that build, as the shell text that Jenkins makes
//! of them (jenkinsci/docker-workflow-plugin `Docker.groovy`, `docker build -t … <options>`). What the strings are put together
//! from, Groovy's own variables among it, can't be told.

mod pipeline;
mod scan;
mod string;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::location::resolve;
use super::offer::{missing, refusal};
use super::shell::{self, Replaced, Site, as_options};
use super::sieve::may_build;
use super::{
    ArgumentValue, Build, Builder, Caller, Dockerfiles, Format, Offer, Refusal, Request, Rewrite, Surroundings,
    unreadable,
};
use crate::source::{Source, apply_edits};
use crate::syntax::shell::Dialect;
use pipeline::{Place, Scope, Step};

/// What shows a build in a file that can't be read.
const MARKS: [&str; 4] = ["docker build", "buildx build", "docker.build(", "additionalBuildArgs"];

/// The caller for Jenkins' pipelines.
#[derive(Debug, Clone, Copy)]
pub struct Jenkins;

/// A build, with the text that it is read from.
struct Found<'s> {
    site: Option<Site<'s>>,
    scope: Scope,
    /// As the shell text says it.
    inner: Build,
    /// As callers are told.
    build: Build,
}

impl Caller for Jenkins {
    fn format(&self) -> Format {
        Format::Jenkins
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or("").to_lowercase();
        name.starts_with("jenkinsfile") || name.ends_with(".jenkinsfile") || path.extension() == Some("groovy")
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        let text = source.text();
        if !may_build(text) && !MARKS.iter().any(|mark| text.contains(mark)) && !text.contains("dockerfile") {
            return Vec::new();
        }
        match found(source, around) {
            Some(found) => found.into_iter().map(|found| found.build).collect(),
            None => unreadable::builds(self.format(), source, &"its strings can't be told", &MARKS),
        }
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        let gone = || refusal("the step is not in the file", build.range);
        let all = found(source, around).ok_or_else(gone)?;
        let found = all.get(build.index).ok_or_else(gone)?;
        if let Builder::WithoutSecrets(sentence) = &build.builder {
            return Err(refusal(sentence.as_str(), build.range));
        }
        for given in
            build.arguments.iter().filter(|given| requests.iter().any(|request| request.argument == given.name))
        {
            if let ArgumentValue::Variable(name) = &given.value
                && found.scope.is_file(name)
            {
                let id = given.name.to_lowercase();
                let instead = Some(format!("--secret id={id},src=${name}"));
                return Err(Refusal {
                    instead,
                    ..refusal(format!("`{name}` is the path of a file, not its content"), given.range)
                });
            }
        }
        let site = found.site.as_ref().ok_or_else(gone)?;
        // What the host has to provide are variables that Jenkins exports: `env.X` and credentials.
        let rewrite =
            shell::pass_secrets(site, around, &found.inner, requests).map_err(|why| by_hand(why, found, requests))?;
        proven(source, around, build, requests, rewrite.rewrite)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        if missing(build, offers)?.is_empty() {
            return Ok(Rewrite::default());
        }
        let gone = || refusal("the step is not in the file", build.range);
        if offers.iter().any(|offer| matches!(offer, Offer::Variable { .. })) {
            return Err(refusal("a credential of Jenkins reaches a step only through `withCredentials`", build.range));
        }
        let all = found(source, around).ok_or_else(gone)?;
        let found = all.get(build.index).ok_or_else(gone)?;
        let site = found.site.as_ref().ok_or_else(gone)?;
        shell::offer_in(std::slice::from_ref(site), around, &found.inner, offers)
    }
}

/// A value of Groovy's own is put into the environment by a block around the step.
fn by_hand(refused: Refusal, found: &Found<'_>, requests: &[Request]) -> Refusal {
    let is_own = found.site.as_ref().is_some_and(|site| site.options_only);
    let asked = requests.iter().find(|request| {
        found
            .build
            .arguments
            .iter()
            .any(|given| given.name == request.argument && given.value == ArgumentValue::Composite)
    });
    match (is_own, asked, asked.and_then(|request| request.secret.as_ref())) {
        (true, Some(request), Some(secret)) => {
            let name = &request.argument;
            let instead = format!("withEnv([\"{name}=…\"]) {{ … }}\n--secret id={},env={name}", secret.id);
            Refusal { instead: Some(instead), ..refused }
        }
        _ => refused,
    }
}

/// `rewrite`, if the edited file is read as asked and its other builds as before.
fn proven(
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    requests: &[Request],
    rewrite: Rewrite,
) -> Result<Rewrite, Refusal> {
    let unclear = || refusal("the string is written in a way that can't be edited safely", build.range);
    let text = apply_edits(source.text(), &rewrite.edits).map_err(|_| unclear())?;
    let edited = source.with_text(text);
    let (before, after) = (Jenkins.builds(source, around), Jenkins.builds(&edited, around));
    let facts = |build: &Build| {
        let arguments: Vec<_> = build.arguments.iter().map(|given| (given.name.clone(), given.value.clone())).collect();
        (build.dockerfiles.clone(), arguments, build.secrets.len())
    };
    let others = before.iter().zip(&after).filter(|(old, _)| old.index != build.index);
    let same = before.len() == after.len() && others.into_iter().all(|(old, new)| facts(old) == facts(new));
    let asked = rewrite.edits.is_empty() || super::verify::reads_as_asked(&Jenkins, &edited, around, build, requests);
    (same && asked).then_some(rewrite).ok_or_else(unclear)
}

/// All builds of a pipeline, in the order of its text. `None` where its strings can't be told.
fn found<'s>(source: &'s Source, around: &dyn Surroundings) -> Option<Vec<Found<'s>>> {
    let mut all: Vec<Found<'s>> = Vec::new();
    for step in pipeline::steps(source.text())? {
        all.extend(builds_of(step, source, around));
    }
    all.sort_by_key(|found| found.build.range.start());
    all.iter_mut().enumerate().for_each(|(index, found)| found.build.index = index);
    Some(all)
}

fn builds_of<'s>(step: Step, source: &'s Source, around: &dyn Surroundings) -> Vec<Found<'s>> {
    let options = !matches!(step.place, Place::Script);
    if step.composite || (options && step.text.is_none()) {
        return if options { vec![without_text(step, source, around)] } else { Vec::new() };
    }
    let site = site(&step, source);
    let Some(site) = site else {
        return if options { vec![without_text(Step { composite: true, ..step }, source, around)] } else { Vec::new() };
    };
    let builds = shell::builds(&site, around).into_iter();
    let found = builds.map(|inner| {
        let mut build = inner.clone();
        if options {
            build.range = step.range;
            describe(&mut build, &step.place);
        }
        Found { site: Some(site.clone()), scope: step.scope.clone(), inner, build }
    });
    found.collect()
}

fn describe(build: &mut Build, place: &Place) {
    match place {
        Place::Script => {}
        Place::Call => "docker.build".clone_into(&mut build.title),
        Place::Agent { windows, .. } => {
            "agent from a Dockerfile".clone_into(&mut build.title);
            if *windows {
                let sentence = "the agent runs on Windows, where Docker builds without BuildKit";
                build.builder = Builder::WithoutSecrets(sentence.to_owned());
            }
        }
    }
}

/// The text as it is run, and where. `None` where it can't be mapped.
fn site<'s>(step: &Step, source: &'s Source) -> Option<Site<'s>> {
    let (token, quotes) = step.text?;
    let Replaced { view, foreign, .. } = string::read(source.text(), &token, quotes, &step.scope)?;
    let (view, directory) = match &step.place {
        Place::Script => (view, step.scope.directory.clone()),
        Place::Call => (as_options(&view, "docker build ", "")?, step.scope.directory.clone()),
        Place::Agent { dockerfile, context, .. } => (
            as_options(&view, &format!("docker build -f \"{dockerfile}\" "), &format!(" \"{context}\""))?,
            Some(".".to_owned()),
        ),
    };
    let directory = directory.and_then(|directory| resolve(Utf8Path::new(""), &directory));
    Some(Site {
        format: Format::Jenkins,
        file: source.path(),
        text: source.text(),
        view: Rc::new(view),
        dialect: Dialect::Bash,
        directories: directory.into_iter().collect(),
        checkout: Utf8PathBuf::new(),
        folders: Vec::new(),
        foreign,
        environment: step.scope.fixed.clone(),
        classic: None,
        release: None,
        options_only: !matches!(step.place, Place::Script),
        documentation: false,
        sourced: false,
    })
}

/// A step whose options are put together, or that has none.
fn without_text<'s>(step: Step, source: &'s Source, around: &dyn Surroundings) -> Found<'s> {
    let (dockerfile, context) = match &step.place {
        Place::Agent { dockerfile, context, .. } => (dockerfile.clone(), context.clone()),
        _ => {
            let folder = step.scope.directory.clone().unwrap_or_else(|| "$DIRECTORY".to_owned());
            (format!("{folder}/Dockerfile"), folder)
        }
    };
    let inside = |path: &str| resolve(Utf8Path::new(""), path);
    let composite = step.composite;
    let dockerfiles = match inside(&dockerfile).filter(|path| around.is_file(path)) {
        Some(path) if !composite || matches!(step.place, Place::Agent { .. }) => Dockerfiles::One(path),
        _ => Dockerfiles::Unknown(if composite { "docker.build".to_owned() } else { dockerfile }),
    };
    let mut build = Build {
        dockerfiles,
        context: inside(&context).filter(|_| !composite),
        opaque: composite.then(|| "the options of the step".to_owned()),
        ..Build::at(Format::Jenkins, source.path(), step.range, String::new())
    };
    describe(&mut build, &step.place);
    Found { site: None, scope: step.scope, inner: build.clone(), build }
}
