//! CircleCI: `run` steps of jobs and commands, and the parameter of orbs for further options of `docker build`.
//!
//! Every variable of a project, a context or an `environment` is exported (circleci.com/docs, "Introduction to environment
//! variables"), so a script needs nothing but its new options. `<< … >>` is replaced before a shell sees the text.

mod orb;
mod step;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::location::resolve;
use super::scripts::Scripts;
use super::shell::{Foreign, Replaced, Site, as_options, between};
use super::sieve::may_build;
use super::yaml::{self, Document};
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings, unreadable};
use crate::source::Source;
use crate::syntax::shell::Dialect;
use crate::syntax::view::{Quoting, View};
use step::{Orb, Run, Step};

/// What shows a build in a file that can't be read.
const MARKS: [&str; 4] = ["docker build", "buildx build", "buildah", "extra_build_args"];

/// The caller for CircleCI's configurations.
#[derive(Debug, Clone, Copy)]
pub struct CircleCi;

impl Caller for CircleCi {
    fn format(&self) -> Format {
        Format::CircleCi
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        let inside = path.ancestors().skip(1).any(|part| part.file_name() == Some(".circleci"));
        yaml::has_ending(path) && (inside || path.file_name() == Some("circle.yml"))
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        if !may_build(source.text()) && !step::names_options(source.text()) && !source.text().contains("orbs:") {
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
        let scripts = self.scripts(&documents, source);
        let mut rewrite = scripts.pass_secrets(around, build, requests)?;
        let is_orb = |site: &&Site<'_>| site.options_only && site.view.holds(build.range);
        if !rewrite.edits.is_empty() && scripts.sites.iter().any(|site| is_orb(&site)) {
            rewrite.assumptions.push("the orb builds with BuildKit, as its newer versions do".to_owned());
        }
        Ok(rewrite)
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
        if orb::builds(&documents, source, around).iter().any(|orb| orb.range == build.range) {
            return Err(refuse("what the orb hands over stands in another repository"));
        }
        self.scripts(&documents, source).offer(around, build, offers)
    }
}

impl CircleCi {
    fn builds_in(&self, documents: &[Document], source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        let mut builds = self.scripts(documents, source).builds(around);
        let known = |orb: &Build| builds.iter().any(|build| orb.range.contains_range(build.range));
        let orbs = orb::builds(documents, source, around).into_iter();
        let orbs: Vec<Build> = orbs.filter(|orb| !known(orb)).collect();
        builds.extend(orbs);
        builds.sort_by_key(|build| build.range.start());
        builds.into_iter().enumerate().map(|(index, build)| Build { index, ..build }).collect()
    }

    fn scripts<'s>(&'s self, documents: &'s [Document], source: &'s Source) -> Scripts<'s> {
        let steps = documents.iter().flat_map(step::steps);
        let sites = steps.filter_map(|step| match step {
            Step::Run(run) => site_of_run(&run, source),
            Step::Orb(orb) => site_of_orb(&orb, source),
        });
        Scripts { caller: self, source, documents, sites: sites.collect() }
    }
}

/// The text with its parameters as variables.
fn replaced(plain: &View) -> Option<Replaced> {
    // An unquoted `<<` may also begin a heredoc: what is between the marks decides.
    let is_name = |text: &str| {
        let name = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
        text.contains('.') && text.chars().all(name)
    };
    let spans = between(plain.text(), ("<<", ">>"), |inside| is_name(inside).then_some(Foreign::Computed));
    Replaced::new(plain, &spans, "CIRCLE_PARAMETER", Quoting::Lines)
}

fn site_of_run<'s>(run: &Run<'_>, source: &'s Source) -> Option<Site<'s>> {
    let plain = yaml::view(source.text(), run.command.node())?;
    let Replaced { view, foreign, .. } = replaced(&plain)?;
    let directory = checkout(source.path()).join(directory(run)?);
    let checkout = checkout(source.path()).to_owned();
    let mut environment = run.variables.clone();
    environment.extend(run.home.map(|home| ("CIRCLE_WORKING_DIRECTORY".to_owned(), home.to_owned())));
    Some(Site {
        format: Format::CircleCi,
        file: source.path(),
        text: source.text(),
        view: Rc::new(view),
        dialect: Dialect::Bash,
        directories: vec![directory],
        checkout,
        folders: Vec::new(),
        foreign,
        environment,
        classic: step::classic(run),
        release: step::release(run),
        options_only: false,
        documentation: false,
        sourced: keeps_unexported(source.text()),
    })
}

/// The folder in which the step starts, from the checkout. A job's `working_directory` is where the checkout goes to
/// (circleci.com/docs, "Configuration reference"), so only that of the step leads into it.
fn directory(run: &Run<'_>) -> Option<Utf8PathBuf> {
    let written = run.directory.unwrap_or(".");
    let home = run.home.unwrap_or("~/project");
    let inside = written.strip_prefix(home).map_or(written, |rest| rest.trim_start_matches('/'));
    resolve(Utf8Path::new(""), if inside.is_empty() { "." } else { inside })
}

/// The folder that holds `.circleci`.
fn checkout(file: &Utf8Path) -> &Utf8Path {
    let own = file.ancestors().find(|part| part.file_name() == Some(".circleci")).and_then(Utf8Path::parent);
    own.or(file.parent()).unwrap_or(Utf8Path::new(""))
}

/// Whether some step writes variables for the later ones without exporting them: each sources the file that `BASH_ENV` names
/// (circleci.com/docs/env-vars, "Parameters and bash environment"; bash(1), BASH_ENV).
fn keeps_unexported(text: &str) -> bool {
    text.lines().any(|line| line.contains("BASH_ENV") && !line.contains("export "))
}

/// The orbs of CircleCI put their parameters together to a `docker buildx build` (CircleCI-Public/docker-orb
/// `src/scripts/build.sh`, CircleCI-Public/aws-ecr-orb `src/scripts/docker_buildx.sh`), word by word as a shell would.
fn site_of_orb<'s>(orb: &Orb<'_>, source: &'s Source) -> Option<Site<'s>> {
    let plain = yaml::view(source.text(), orb.options.node())?;
    // A parameter can't be told, a variable is one of the shell.
    let quoted = |text: &str| if text.contains("<<") { "\"$PARAMETER\"".to_owned() } else { format!("\"{text}\"") };
    let Replaced { view, foreign, .. } = replaced(&plain)?;
    let head = format!("docker buildx build -f {} ", quoted(&orb.dockerfile));
    let view = as_options(&view, &head, &format!(" {}", quoted(&orb.context)))?;
    let checkout = checkout(source.path()).to_owned();
    Some(Site {
        format: Format::CircleCi,
        file: source.path(),
        text: source.text(),
        view: Rc::new(view),
        dialect: Dialect::Bash,
        directories: vec![checkout.clone()],
        checkout,
        folders: Vec::new(),
        foreign,
        environment: BTreeMap::new(),
        classic: None,
        release: None,
        options_only: true,
        documentation: false,
        sourced: false,
    })
}
