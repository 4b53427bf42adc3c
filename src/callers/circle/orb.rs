//! Jobs and commands of orbs that others wrote and that build an image, as their names say. What such an orb passes to the
//! build stands in another repository.

use crate::callers::location::resolve;
use crate::callers::yaml::{Cursor, Document};
use crate::callers::{Build, Dockerfiles, Format, Surroundings};
use crate::source::{Source, TextRange};

/// CircleCI's own orbs pass no arguments but those of their parameters, which are read (`super::step`).
const OWN: &str = "circleci/";

/// Words of what builds an image: `docker-build`, `build-and-push-image`.
const IMAGES: [&str; 3] = ["docker", "image", "container"];
const ACTS: [&str; 3] = ["build", "publish", "push"];

/// The builds of such jobs and commands.
pub(super) fn builds(documents: &[Document], source: &Source, around: &dyn Surroundings) -> Vec<Build> {
    let mut calls = Vec::new();
    for document in documents {
        let root = Cursor::root(document);
        let orbs = root.get("orbs").map(Cursor::entries).unwrap_or_default();
        let foreign = orbs.into_iter().filter(|(_, orb)| orb.text().is_some_and(|address| !address.starts_with(OWN)));
        let foreign: Vec<&str> = foreign.map(|(name, _)| name).collect();
        collect(root, &foreign, &mut calls);
    }
    calls.into_iter().map(|call| build(&call, source, around)).collect()
}

/// A job or command of an orb.
struct Call<'d> {
    name: &'d str,
    range: TextRange,
    parameters: Option<Cursor<'d>>,
}

fn collect<'d>(here: Cursor<'d>, orbs: &[&str], calls: &mut Vec<Call<'d>>) {
    for (key, value) in here.entries() {
        if matches!(key, "jobs" | "steps") {
            calls.extend(value.items().into_iter().filter_map(|item| call(item, orbs)));
        }
        collect(value, orbs, calls);
    }
    here.items().into_iter().for_each(|item| collect(item, orbs, calls));
}

fn call<'d>(item: Cursor<'d>, orbs: &[&str]) -> Option<Call<'d>> {
    let call = match item.text() {
        Some(name) => Call { name, range: item.node().range, parameters: None },
        None => {
            let (name, parameters) = item.entries().into_iter().next()?;
            let (_, entry) = item.node().as_mapping()?.find(name)?;
            Call { name, range: entry.key_range, parameters: Some(parameters) }
        }
    };
    let (orb, job) = call.name.split_once('/')?;
    let says = |words: &[&str]| words.iter().any(|word| job.contains(word));
    (orbs.contains(&orb) && says(&IMAGES) && says(&ACTS)).then_some(call)
}

fn build(call: &Call<'_>, source: &Source, around: &dyn Surroundings) -> Build {
    let text = |keys: &[&str]| keys.iter().find_map(|key| call.parameters?.get(key)?.text());
    let file = text(&["dockerfile", "dockerfile-path", "dockerfile_path"]).unwrap_or("Dockerfile");
    let written = match text(&["path", "docker_context", "docker-context", "context-path"]) {
        Some(folder) => format!("{folder}/{file}"),
        None => file.to_owned(),
    };
    let dockerfiles = match resolve(super::checkout(source.path()), &written).filter(|path| around.is_file(path)) {
        // Which parameter names the file can only be guessed, but it is there.
        Some(path) => Dockerfiles::Several(vec![path]),
        None => Dockerfiles::Unknown(call.name.to_owned()),
    };
    let title = format!("`{}`", call.name);
    let opaque = Some(call.name.to_owned());
    Build { dockerfiles, opaque, ..Build::at(Format::CircleCi, source.path(), call.range, title) }
}
