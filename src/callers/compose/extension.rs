//! Services that extend a service of another file.
//!
//! `extends` takes over the other service's `build` with its `args` and `secrets`, but nothing of the top level of its
//! file: Compose stops with "refers to undefined build secret" until the extending file has the secret too (Compose 2.40,
//! tried). So such a service is a build of its own, which passes what the other one passes, and the top level is all that
//! has to be edited for it.

use camino::{Utf8Path, Utf8PathBuf};

use super::Compose;
use super::layout::Layout;
use super::pass::Pass;
use super::service::Service;
use crate::callers::location::resolve;
use crate::callers::verify::same_elsewhere;
use crate::callers::yaml::{Cursor, Document, Patch};
use crate::callers::{Argument, Build, Caller, PassedSecret, Refusal, Request, Rewrite, Surroundings};
use crate::source::Source;

/// A service that extends one of another file.
#[derive(Clone)]
pub(super) struct Extension<'d> {
    /// The service, with `extends` in the place of `build`.
    service: Service<'d>,
    /// What it builds, with the arguments that it takes over.
    pub build: Build,
}

/// The services of `documents` that take over the arguments of another file's service. The first gets the index `first`.
pub(super) fn extensions<'d>(
    documents: &'d [Document],
    source: &Source,
    around: &dyn Surroundings,
    first: usize,
) -> Vec<Extension<'d>> {
    let mut extensions = Vec::new();
    for (document, root) in documents.iter().map(Cursor::root).enumerate() {
        for (name, body) in root.get("services").map(Cursor::entries).unwrap_or_default() {
            let Some(extends) = body.get("extends") else { continue };
            let service = Service { document, root, name, body, build: extends };
            if let Some(build) = taken_over(service, source, around, first + extensions.len()) {
                extensions.push(Extension { service, build });
            }
        }
    }
    extensions
}

/// The build of the extended service, as one of this file. Chains over several files are followed by reading the other
/// file's builds, which holds its own extensions; a file that extends itself is no other file.
fn taken_over(service: Service<'_>, source: &Source, around: &dyn Surroundings, index: usize) -> Option<Build> {
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    let other = resolve(folder, service.build.get("file")?.text()?).filter(|other| other != source.path())?;
    let name = service.build.get("service")?.text()?;
    let text = around.text(&other)?;
    let base = Source::new(other, text.as_bytes().to_vec());
    let title = format!("service {name}");
    let extended = Compose.builds(&base, &Hidden { around, file: source.path() });
    let extended = extended.into_iter().find(|build| build.title == title)?;
    let own = service.body.get("build").and_then(|build| build.get("args"));
    let range = service.build.node().range;
    let kept = |given: &Argument| own.is_none_or(|own| own.get(&given.name).is_none());
    let arguments = extended.arguments.into_iter().filter(kept);
    let arguments: Vec<Argument> = arguments.map(|given| Argument { range, shared: false, ..given }).collect();
    let title = format!("service {}", service.name);
    (!arguments.is_empty()).then(|| Build {
        file: source.path().to_owned(),
        range,
        title,
        arguments,
        index,
        ..extended
    })
}

/// How many services that extend each other in one file are followed; a circle is an error for Compose.
const MOST_BASES: usize = 8;

/// The secrets that a service takes over from the one that it extends, in this file or another; their values are what the
/// top level of this file says.
pub(super) fn inherited_secrets(service: Service<'_>, source: &Source, around: &dyn Surroundings) -> Vec<PassedSecret> {
    let mut inherited: Vec<PassedSecret> = Vec::new();
    let mut open = Some(service);
    for _ in 0..MOST_BASES {
        let Some((extends, name)) = open.take().and_then(|it| Some((it, extended(it)?))) else { break };
        let secrets = match of_file(extends, source) {
            Some(other) => secrets_in(&other, name, source, around),
            None => {
                let body = service.root.get("services").and_then(|services| services.get(name));
                open = body.map(|body| Service { name, body, build: body.get("build").unwrap_or(body), ..service });
                open.map(Service::secrets).unwrap_or_default()
            }
        };
        inherited.extend(secrets);
    }
    let range = service.body.get("extends").map_or(service.body.node().range, |extends| extends.node().range);
    let here = |passed: PassedSecret| {
        let source = service.source_of(&passed.id).unwrap_or(passed.source);
        PassedSecret { source, range, ..passed }
    };
    inherited.into_iter().map(here).collect()
}

/// The name of the service that a service extends.
fn extended(service: Service<'_>) -> Option<&str> {
    let extends = service.body.get("extends")?;
    extends.text().or_else(|| extends.get("service")?.text())
}

/// The other file that holds it, if it is in one.
fn of_file(service: Service<'_>, source: &Source) -> Option<Utf8PathBuf> {
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    resolve(folder, service.body.get("extends")?.get("file")?.text()?).filter(|other| other != source.path())
}

/// What the service of another file is given.
fn secrets_in(other: &Utf8Path, name: &str, source: &Source, around: &dyn Surroundings) -> Vec<PassedSecret> {
    let Some(text) = around.text(other) else { return Vec::new() };
    let base = Source::new(other, text.as_bytes().to_vec());
    let title = format!("service {name}");
    let builds = Compose.builds(&base, &Hidden { around, file: source.path() });
    builds.into_iter().find(|build| build.title == title).map(|build| build.secrets).unwrap_or_default()
}

/// The files around, without the one that is being read: no chain of files comes back to it.
struct Hidden<'a> {
    around: &'a dyn Surroundings,
    file: &'a Utf8Path,
}

impl Surroundings for Hidden<'_> {
    fn is_file(&self, path: &Utf8Path) -> bool {
        self.around.is_file(path)
    }

    fn dockerfiles(&self) -> &[camino::Utf8PathBuf] {
        self.around.dockerfiles()
    }

    fn text(&self, path: &Utf8Path) -> Option<&str> {
        self.around.text(path).filter(|_| path != self.file)
    }

    fn find(&self, wanted: &dyn Fn(&Utf8Path, &str) -> bool) -> Option<&Utf8Path> {
        self.around.find(&|path, text| path != self.file && wanted(path, text))
    }

    fn mentioning(&self, word: &str, wanted: &dyn Fn(&Utf8Path, &str) -> bool) -> Option<&Utf8Path> {
        self.around.mentioning(word, &|path, text| path != self.file && wanted(path, text))
    }
}

impl Extension<'_> {
    /// Declares the secrets, which the extended service is given in its own file, at the top level of this one.
    pub(super) fn pass_secrets(
        &self,
        documents: &[Document],
        source: &Source,
        requests: &[Request],
        rewrite: Rewrite,
    ) -> Result<Rewrite, Refusal> {
        let mut pass = Pass { service: self.service, build: &self.build, patch: Patch::new(source), rewrite };
        let mut given = Vec::new();
        for request in requests {
            for argument in self.build.arguments.iter().filter(|argument| argument.name == request.argument) {
                given.extend(pass.taken_over(argument, request)?);
            }
        }
        given.dedup();
        let layout = Layout::of(&pass.patch, documents, self.service);
        let changed = pass.top_level_paths(&given);
        pass.edit_top_level(&given, layout)?;
        let Pass { patch, mut rewrite, .. } = pass;
        rewrite.edits = patch.finish();
        same_elsewhere(source, rewrite, self.build.range, &changed)
    }
}
