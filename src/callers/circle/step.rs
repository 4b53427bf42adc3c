//! The steps of a configuration: those of jobs, of commands, of orbs that are written in the file, and calls of orbs.

use std::collections::BTreeMap;

use crate::callers::shell::{Classic, release_of_image};
use crate::callers::yaml::{Cursor, Document};
use crate::knowledge::engines::Release;

/// The names of the parameter for further options, in the orbs of CircleCI for Docker, AWS ECR, Google and Azure registries.
const OPTIONS: [&str; 4] =
    ["extra_build_args", "extra-build-args", "extra_docker_build_args", "extra-docker-build-args"];

/// A step that may build.
pub(super) enum Step<'d> {
    /// A command.
    Run(Run<'d>),
    /// A call of an orb with options for `docker build`.
    Orb(Orb<'d>),
}

/// `run:`
pub(super) struct Run<'d> {
    /// The script.
    pub command: Cursor<'d>,
    /// `working_directory` of the step.
    pub directory: Option<&'d str>,
    /// That of the job.
    pub home: Option<&'d str>,
    /// The variables with a fixed text.
    pub variables: BTreeMap<String, String>,
    /// The image in which it runs.
    image: Option<&'d str>,
    /// The version of the remote Docker.
    remote: Option<&'d str>,
}

/// A call of an orb.
pub(super) struct Orb<'d> {
    /// The options.
    pub options: Cursor<'d>,
    /// The Dockerfile, from where the checkout is.
    pub dockerfile: String,
    /// The build context.
    pub context: String,
}

/// Whether a text has one of the parameters.
pub(super) fn names_options(text: &str) -> bool {
    OPTIONS.iter().any(|name| text.contains(name))
}

/// All steps of `document`.
pub(super) fn steps(document: &Document) -> Vec<Step<'_>> {
    let root = Cursor::root(document);
    let mut found = Vec::new();
    collect(root, root, None, &mut found);
    found
}

/// Goes through everything: where steps can stand is known by the keys around them.
fn collect<'d>(root: Cursor<'d>, here: Cursor<'d>, job: Option<Cursor<'d>>, found: &mut Vec<Step<'d>>) {
    if let Some(orb) = orb(here) {
        found.push(Step::Orb(orb));
    }
    for (key, value) in here.entries() {
        match key {
            "steps" => {
                let job = job.unwrap_or(here);
                value.items().into_iter().for_each(|item| step(root, item, job, value, found));
            }
            _ => collect(root, value, None, found),
        }
    }
    for item in here.items() {
        collect(root, item, None, found);
    }
}

fn step<'d>(root: Cursor<'d>, item: Cursor<'d>, job: Cursor<'d>, list: Cursor<'d>, found: &mut Vec<Step<'d>>) {
    match item.get("run") {
        Some(run) => found.extend(self::run(root, run, job, list).map(Step::Run)),
        // `when`, `unless` and calls of commands may have steps of their own.
        None => collect(root, item, Some(job), found),
    }
}

fn run<'d>(root: Cursor<'d>, run: Cursor<'d>, job: Cursor<'d>, list: Cursor<'d>) -> Option<Run<'d>> {
    let command = if run.text().is_some() { run } else { run.get("command")? };
    let executor = job.get("executor").and_then(|executor| executor.get("name").unwrap_or(executor).text());
    let executor = executor.and_then(|name| root.get("executors")?.get(name));
    let scopes = [executor, Some(job)].into_iter().flatten();
    let docker = |scope: Cursor<'d>| scope.get("docker").and_then(|list| list.items().into_iter().next());
    let mut variables = BTreeMap::new();
    for scope in scopes.clone() {
        for part in [docker(scope), Some(scope)].into_iter().flatten() {
            add(part.get("environment"), &mut variables);
        }
    }
    add(run.get("environment"), &mut variables);
    let text = |scope: Cursor<'d>, key: &str| scope.get(key).and_then(Cursor::text);
    let remote = list.items().into_iter().find_map(|item| item.get("setup_remote_docker"));
    Some(Run {
        command,
        directory: text(run, "working_directory"),
        home: scopes.clone().rev().find_map(|scope| text(scope, "working_directory")),
        variables,
        image: scopes.rev().find_map(|scope| docker(scope)?.get("image")?.text()),
        remote: remote.and_then(|remote| text(remote, "version")),
    })
}

fn add(environment: Option<Cursor<'_>>, variables: &mut BTreeMap<String, String>) {
    for (name, value) in environment.map(Cursor::entries).unwrap_or_default() {
        let fixed = value.text().filter(|text| !text.contains(['$', '<']));
        variables.remove(name);
        variables.extend(fixed.map(|text| (name.to_owned(), text.to_owned())));
    }
}

/// The engine that builds: the remote Docker, whose version decides over the mounts, or that of the image.
pub(super) fn release(run: &Run<'_>) -> Option<Release> {
    let remote = run.remote.and_then(|version| release_of_image(&format!("docker:{version}")));
    remote.or_else(|| release_of_image(run.image?))
}

/// Docker takes secrets from the environment since 20.10 and builds with BuildKit by itself since 23.0 (release notes); the
/// remote engine has BuildKit since 18.09.
pub(super) fn classic(run: &Run<'_>) -> Option<Classic> {
    if let Some(version) = run.remote.filter(|version| version.starts_with("17") || version.starts_with("18.0")) {
        let old = !version.starts_with("18.09");
        if old {
            return Some(Classic::Always(format!("the remote Docker {version} has no BuildKit")));
        }
    }
    run.image.and_then(Classic::of_image)
}

/// A call of an orb, if `body` is the parameters of one that has further options.
fn orb(body: Cursor<'_>) -> Option<Orb<'_>> {
    let options = OPTIONS.iter().find_map(|key| body.get(key)).filter(|options| options.text().is_some())?;
    let text = |keys: &[&str]| keys.iter().find_map(|key| body.get(key)?.text());
    let path = text(&["path", "path-to-dockerfile", "dockerfile-dir"]).unwrap_or(".");
    let file = text(&["dockerfile", "dockerfile-name", "dockerfile_name"]).unwrap_or("Dockerfile");
    let context = text(&["docker_context", "docker-context", "build_path", "build-path"]).unwrap_or(path);
    Some(Orb { options, dockerfile: format!("{path}/{file}"), context: context.to_owned() })
}
