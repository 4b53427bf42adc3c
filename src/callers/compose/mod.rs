//! Compose files: `services.*.build` with its `args`, `secrets` and `ssh`.
//!
//! A Compose file passes a secret to a build in two places: `build.secrets` of the service names it, the top-level
//! `secrets` says where the value comes from (Compose 2.6 for `environment`, compose-spec `09-secrets.md`).

mod interpolation;
mod layout;
mod pass;
mod service;

#[cfg(test)]
mod tests;

use camino::Utf8Path;

use super::yaml::{self, Cursor};
use super::{Build, Builder, Caller, Format, Refusal, Request, Rewrite, Surroundings, unreadable};
use crate::source::{Source, TextRange};
use service::Service;

/// The caller for Compose files.
#[derive(Debug, Clone, Copy)]
pub struct Compose;

impl Caller for Compose {
    fn format(&self) -> Format {
        Format::Compose
    }

    /// Every YAML file that is not a workflow or action of GitHub: a Compose file may have any name, and
    /// [`Caller::builds`] finds nothing in a file without a `services` mapping that builds something.
    fn recognises(&self, path: &Utf8Path) -> bool {
        matches!(path.extension(), Some("yml" | "yaml")) && !super::github::is_github_file(path)
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        if !["services", "build"].iter().all(|word| source.text().contains(word)) {
            return Vec::new();
        }
        let documents = match yaml::read(source.text()) {
            Ok(documents) => documents,
            Err(error) if has_compose_name(source.path()) => {
                return unreadable::builds(Format::Compose, source, &error, &["build:"]);
            }
            Err(_) => return Vec::new(),
        };
        let services = service::services(&documents).into_iter().enumerate();
        services.map(|(index, service)| build(index, service, source, around)).collect()
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        pass::pass_secrets(self, source, around, build, requests)
    }
}

/// Whether Compose itself, or the habit of its users, would call a Compose file so.
fn has_compose_name(path: &Utf8Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.split(['.', '-', '_']).any(|part| part == "compose"))
}

fn build(index: usize, service: Service<'_>, source: &Source, around: &dyn Surroundings) -> Build {
    let (dockerfiles, context) = service.location(source.path(), around);
    let range = service_range(service);
    let mut arguments = service.arguments();
    for argument in &mut arguments {
        argument.shared &= !range.contains_range(argument.range);
    }
    Build {
        format: Format::Compose,
        file: source.path().to_owned(),
        range,
        title: format!("service {}", service.name),
        dockerfiles,
        context,
        target: service.build.get("target").and_then(Cursor::text).map(str::to_owned),
        builder: Builder::BuildKit,
        arguments,
        opaque: None,
        secrets: service.secrets(),
        ssh: service.forwards_ssh(),
        index,
    }
}

/// The service with its name, or what an alias leads to.
fn service_range(service: Service<'_>) -> TextRange {
    let own = service.root.get("services").and_then(|services| services.node().as_mapping()?.find(service.name));
    own.map_or(service.body.node().range, |(_, entry)| entry.range())
}
