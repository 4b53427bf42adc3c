//! Compose files: `services.*.build` with its `args`, `secrets` and `ssh`.
//!
//! A Compose file passes a secret to a build in two places: `build.secrets` of the service names it, the top-level
//! `secrets` says where the value comes from (Compose 2.6 for `environment`, compose-spec `09-secrets.md`).

mod dotenv;
mod extension;
mod first;
mod interpolation;
mod keeping;
mod layout;
mod offer;
mod pass;
mod service;
mod shared;

#[cfg(test)]
mod tests;

use camino::{Utf8Path, Utf8PathBuf};

use super::location::Place;
use super::yaml::{self, Cursor, Document};
use super::{
    Build, Caller, Dockerfiles, Format, Offer, PassedSecret, Refusal, Request, Rewrite, Surroundings, unreadable,
};
use crate::source::{Source, TextRange};
use service::{ProjectFile, Service};

pub(super) use service::{WrittenArgument, listed_arguments, mapped_arguments};

/// The caller for Compose files.
#[derive(Debug, Clone, Copy)]
pub struct Compose;

impl Caller for Compose {
    fn format(&self) -> Format {
        Format::Compose
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        yaml::has_ending(path) && has_compose_name(path)
    }

    /// Every YAML file that is no other caller's: a Compose file may have any name, and [`Caller::builds`] finds nothing in a
    /// file without a `services` mapping that builds something.
    fn recognises_text(&self, path: &Utf8Path, _: &str) -> bool {
        yaml::has_ending(path) && !super::github::is_github_file(path)
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        let text = source.text();
        if !text.contains("services") || !["build", "extends"].iter().any(|word| text.contains(word)) {
            return Vec::new();
        }
        let documents = match yaml::read(source.text()) {
            Ok(documents) => documents,
            Err(error) if has_compose_name(source.path()) => {
                return unreadable::builds(Format::Compose, source, &error, &["build:"]);
            }
            Err(_) => return Vec::new(),
        };
        let with_inherited = |(service, mut build): (Service<'_>, Build)| {
            let inherited = extension::inherited_secrets(service, source, around);
            let is_own = |secrets: &[PassedSecret], id: &str| secrets.iter().any(|own| own.id == id);
            let inherited: Vec<_> = inherited.into_iter().filter(|one| !is_own(&build.secrets, &one.id)).collect();
            build.secrets.extend(inherited);
            build
        };
        let mut builds: Vec<Build> = found(&documents, source, around).into_iter().map(with_inherited).collect();
        let extensions = extension::extensions(&documents, source, around, builds.len());
        builds.extend(extensions.into_iter().map(|extension| extension.build));
        builds
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

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        offer::offer(source, around, build, offers)
    }
}

/// The Dockerfiles that Compose builds from `files`, or where there are none from what it finds in `folder`: those of the
/// services in `words`, or of all where none is named.
pub(super) fn dockerfiles(
    folder: &Utf8Path,
    files: &[Utf8PathBuf],
    words: &[&str],
    around: &dyn Surroundings,
) -> Vec<Utf8PathBuf> {
    let found = if files.is_empty() { service::files_of(folder, around) } else { files.to_vec() };
    let sources = found.into_iter().filter_map(|path| {
        let text = around.text(&path)?;
        Some(Source::new(path, text.as_bytes().to_vec()))
    });
    let builds: Vec<Build> = sources.flat_map(|source| Compose.builds(&source, around)).collect();
    let is_named = |build: &Build| words.iter().any(|word| build.title.strip_prefix("service ") == Some(word));
    let any = builds.iter().any(is_named);
    let mut paths: Vec<Utf8PathBuf> = Vec::new();
    for build in builds.iter().filter(|build| !any || is_named(build)) {
        match &build.dockerfiles {
            Dockerfiles::One(path) => paths.push(path.clone()),
            Dockerfiles::Several(several) => paths.extend(several.iter().cloned()),
            Dockerfiles::Elsewhere | Dockerfiles::Unknown(_) => {}
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Every service that is built with its build, in the order of the text.
fn found<'d>(documents: &'d [Document], source: &Source, around: &dyn Surroundings) -> Vec<(Service<'d>, Build)> {
    let mut found = Vec::new();
    let project = ProjectFile::of(source.path(), around);
    for service in service::services(documents) {
        let build = build(found.len(), service, source, &project, around);
        // Other tools have services with a `build` too, which is then a command and names no folder.
        let folder = service.build.text().is_none() || !matches!(build.dockerfiles, Dockerfiles::Unknown(_));
        if folder || has_compose_name(source.path()) {
            found.push((service, build));
        }
    }
    found
}

/// Whether Compose itself, or the habit of its users, would call a Compose file so.
fn has_compose_name(path: &Utf8Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.split(['.', '-', '_']).any(|part| part == "compose"))
}

fn build(
    index: usize,
    service: Service<'_>,
    source: &Source,
    project: &ProjectFile<'_>,
    around: &dyn Surroundings,
) -> Build {
    let Place { dockerfiles, context, outside } = service.location(source.path(), project, around);
    let range = service_range(service);
    let target = service.build.get("target").and_then(Cursor::text);
    let mut arguments = service.arguments();
    for argument in &mut arguments {
        argument.shared &= !range.contains_range(argument.range);
    }
    Build {
        dockerfiles,
        context,
        outside,
        target: target.filter(|target| !target.contains('$')).map(str::to_owned),
        tags: service.tags(source.path(), around),
        arguments,
        secrets: service.secrets(),
        ssh: service.forwards_ssh(),
        index,
        ..Build::at(Format::Compose, source.path(), range, format!("service {}", service.name))
    }
}

/// The service with its name, or what an alias leads to.
fn service_range(service: Service<'_>) -> TextRange {
    let own = service.root.get("services").and_then(|services| services.node().as_mapping()?.find(service.name));
    own.map_or(service.body.node().range, |(_, entry)| entry.range())
}
