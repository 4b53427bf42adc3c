//! What a Compose file says about one service's build (compose-spec `build.md`).

use std::cell::OnceCell;

use camino::{Utf8Path, Utf8PathBuf};

use super::interpolation::{classify, expand};
use crate::callers::location::{Place, absolute, is_remote, join, resolve, upwards};
use crate::callers::outside::of_address;
use crate::callers::yaml::{self, Cursor, Document};
use crate::callers::{Argument, ArgumentValue, Dockerfiles, PassedSecret, SecretSource, Surroundings};
use crate::source::TextRange;

/// The names under which Compose looks for a project's file, in its order.
pub(super) const BASE_FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// The files that Compose reads in `folder` where none is named: the first of its names, and what is laid over it.
pub(super) fn files_of(folder: &Utf8Path, around: &dyn Surroundings) -> Vec<Utf8PathBuf> {
    let present = |path: &Utf8PathBuf| around.is_file(path);
    let Some(base) = BASE_FILES.iter().map(|name| folder.join(name)).find(present) else { return Vec::new() };
    let stem = base.file_stem().unwrap_or_default();
    let over = ["yml", "yaml"].iter().map(|ending| folder.join(format!("{stem}.override.{ending}"))).find(present);
    std::iter::once(base.clone()).chain(over).collect()
}

/// A service that is built.
#[derive(Clone, Copy)]
pub(super) struct Service<'d> {
    /// The zero-based document that holds it.
    pub document: usize,
    /// The root of that document.
    pub root: Cursor<'d>,
    /// Its name.
    pub name: &'d str,
    /// The service itself.
    pub body: Cursor<'d>,
    /// The value of `build`.
    pub build: Cursor<'d>,
}

/// The services of `documents` that are built, in the order of the text.
pub(super) fn services(documents: &[Document]) -> Vec<Service<'_>> {
    let mut services = Vec::new();
    for (document, root) in documents.iter().map(Cursor::root).enumerate() {
        for (name, body) in root.get("services").map(Cursor::entries).unwrap_or_default() {
            let build = body.get("build").filter(|build| build.text().is_some() || build.node().as_mapping().is_some());
            if let Some(build) = build {
                services.push(Service { document, root, name, body, build });
            }
        }
    }
    services
}

/// One build argument as it is written.
pub(in crate::callers) struct WrittenArgument<'d> {
    /// Its zero-based place in the list or mapping of its own; `None` where a merge key brings it.
    pub place: Option<usize>,
    /// Its name.
    pub name: &'d str,
    /// The value as written, behind aliases; `None` for a name alone.
    pub text: Option<&'d str>,
    /// Where it stands.
    pub range: TextRange,
    /// Whether the text is seen by other places too.
    pub shared: bool,
}

impl WrittenArgument<'_> {
    pub(super) fn value(&self) -> ArgumentValue {
        self.text.map_or(ArgumentValue::Inherited, classify)
    }
}

impl<'d> Service<'d> {
    /// The build arguments, from either form of `args`.
    pub(super) fn written_arguments(self) -> Vec<WrittenArgument<'d>> {
        let Some(args) = self.build.get("args") else { return Vec::new() };
        if args.node().as_mapping().is_some() { mapped_arguments(args) } else { listed_arguments(args) }
    }

    pub(super) fn arguments(self) -> Vec<Argument> {
        let argument = |written: WrittenArgument<'_>| Argument {
            name: written.name.to_owned(),
            value: written.value(),
            range: written.range,
            shared: written.shared,
        };
        self.written_arguments().into_iter().map(argument).collect()
    }

    /// The secrets that the build is given, with the source that the top-level `secrets` states.
    pub(super) fn secrets(self) -> Vec<PassedSecret> {
        let Some(secrets) = self.build.get("secrets") else { return Vec::new() };
        let secret = |item: Cursor<'d>| {
            let source = item.text().or_else(|| item.get("source")?.text())?;
            let id = item.get("target").and_then(Cursor::text).unwrap_or(source);
            let source = self.source_of(source).unwrap_or(SecretSource::Unknown);
            Some(PassedSecret { id: id.to_owned(), source, range: item.node().range })
        };
        secrets.items().into_iter().filter_map(secret).collect()
    }

    /// Where the value of the secret of this name comes from, as the top level of the file says.
    pub(super) fn source_of(self, name: &str) -> Option<SecretSource> {
        self.root.get("secrets").and_then(|secrets| secrets.get(name)).map(secret_source)
    }

    /// Whether the build forwards an ssh agent or key.
    pub(super) fn forwards_ssh(self) -> bool {
        self.build.get("ssh").is_some_and(|ssh| !ssh.items().is_empty() || !ssh.entries().is_empty())
    }

    /// The names of the image: `image` of the service and `tags` of its build (compose-spec `05-services.md`, `build.md`).
    pub(super) fn tags(self, file: &Utf8Path, around: &dyn Surroundings) -> Vec<String> {
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        let value = |name: &str| environment_file(folder, around, name);
        let more = self.build.get("tags").map(Cursor::items).unwrap_or_default();
        let names = self.body.get("image").into_iter().chain(more).filter_map(Cursor::text);
        names.filter_map(|name| expand(name, &value)).collect()
    }

    /// The Dockerfile and the context, for a Compose file at `file`.
    pub(super) fn location(self, file: &Utf8Path, project: &ProjectFile<'_>, around: &dyn Surroundings) -> Place {
        let written = self.written_location(project);
        if written.inline {
            return Place::elsewhere(None);
        }
        if let Some(address) = written.context.as_deref().filter(|context| is_remote(context)) {
            return Place::elsewhere(of_address(address, written.dockerfile.as_deref()));
        }
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        let value = |name: &str| environment_file(folder, around, name);
        let context = written.context.as_deref().unwrap_or(".");
        let dockerfile = written.dockerfile.as_deref().unwrap_or("Dockerfile");
        match (expand(context, &value), expand(dockerfile, &value)) {
            (Some(context), Some(dockerfile)) => locate(folder, &context, &dockerfile, around),
            (None, _) => Place::unknown(context),
            (_, None) => Place::unknown(dockerfile),
        }
    }

    /// What the service says; what an override or extending service leaves open comes from the file it builds upon.
    fn written_location(self, project: &ProjectFile<'_>) -> WrittenLocation {
        let own = WrittenLocation::of(self.build);
        if own.context.is_some() || own.inline {
            return own;
        }
        let extended = self.body.get("extends").and_then(|extends| {
            let name = extends.text().or_else(|| extends.get("service")?.text())?;
            self.root.get("services")?.get(name)?.get("build").map(WrittenLocation::of)
        });
        let base = extended.or_else(|| project.location(self.name));
        base.map_or(own.clone(), |base| WrittenLocation {
            dockerfile: own.dockerfile.or(base.dockerfile),
            context: base.context,
            inline: base.inline,
        })
    }
}

#[derive(Clone)]
struct WrittenLocation {
    context: Option<String>,
    dockerfile: Option<String>,
    inline: bool,
}

impl WrittenLocation {
    fn of(build: Cursor<'_>) -> Self {
        let text = |key: &str| build.get(key).and_then(Cursor::text).map(str::to_owned);
        Self {
            context: build.text().map(str::to_owned).or_else(|| text("context")),
            dockerfile: text("dockerfile"),
            inline: build.get("dockerfile_inline").is_some(),
        }
    }
}

/// The project's own file, where the file that is read may be one that is laid over it. It is read when it is asked for.
pub(super) struct ProjectFile<'a> {
    file: &'a Utf8Path,
    around: &'a dyn Surroundings,
    documents: OnceCell<Vec<Vec<Document>>>,
}

impl<'a> ProjectFile<'a> {
    /// That of the Compose file at `file`.
    pub(super) fn of(file: &'a Utf8Path, around: &'a dyn Surroundings) -> Self {
        Self { file, around, documents: OnceCell::new() }
    }

    /// Where it says that service `name` is built.
    fn location(&self, name: &str) -> Option<WrittenLocation> {
        self.documents.get_or_init(|| self.read()).iter().find_map(|documents| {
            let build = Cursor::root(documents.first()?).get("services")?.get(name)?.get("build")?;
            Some(WrittenLocation::of(build))
        })
    }

    fn read(&self) -> Vec<Vec<Document>> {
        let folder = self.file.parent().unwrap_or(Utf8Path::new(""));
        let others = BASE_FILES.iter().map(|base| folder.join(base)).filter(|base| base != self.file);
        others.filter_map(|base| yaml::read(self.around.text(&base)?).ok()).collect()
    }
}

/// Paths are relative to the file's folder; with `--project-directory` or several `--file`, to another, a
/// folder above.
fn locate(folder: &Utf8Path, context: &str, dockerfile: &str, around: &dyn Surroundings) -> Place {
    let place = |dockerfiles, context| Place { dockerfiles, context, outside: None };
    let from = |base: &Utf8Path| {
        let context = resolve(base, context)?;
        Some((resolve(&context, dockerfile)?, context))
    };
    let own = from(folder);
    if let Some((dockerfile, context)) = own.clone().filter(|(dockerfile, _)| around.is_file(dockerfile)) {
        return place(Dockerfiles::One(dockerfile), Some(context));
    }
    let exists = |(dockerfile, _): &(Utf8PathBuf, Utf8PathBuf)| around.is_file(dockerfile);
    let mut above: Vec<_> = upwards(folder).iter().skip(1).filter_map(|base| from(base)).filter(exists).collect();
    match (above.len(), own) {
        (0, Some((dockerfile, context))) => place(Dockerfiles::Unknown(dockerfile.to_string()), Some(context)),
        (0, None) => {
            let context = join(&absolute(folder), context);
            Place::outside(&join(&context, dockerfile), &context, &[])
        }
        (1, _) => {
            let (dockerfile, context) = above.swap_remove(0);
            place(Dockerfiles::One(dockerfile), Some(context))
        }
        _ => place(Dockerfiles::Several(above.into_iter().map(|(dockerfile, _)| dockerfile).collect()), None),
    }
}

/// The value of `name` in the project's `.env`, where the repository has one.
fn environment_file(folder: &Utf8Path, around: &dyn Surroundings, name: &str) -> Option<String> {
    let text = around.text(&folder.join(".env"))?;
    let mut values =
        text.lines().filter_map(|line| line.trim_start().strip_prefix(name)?.trim_start().strip_prefix('='));
    values.next_back().map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
}

fn secret_source(secret: Cursor<'_>) -> SecretSource {
    let text = |key: &str| secret.get(key).and_then(Cursor::text).map(str::to_owned);
    if let Some(variable) = text("environment") {
        return SecretSource::Variable(variable);
    }
    text("file").map_or(SecretSource::Unknown, SecretSource::File)
}

pub(in crate::callers) fn mapped_arguments(args: Cursor<'_>) -> Vec<WrittenArgument<'_>> {
    let own = args.node().as_mapping();
    args.entries()
        .into_iter()
        .map(|(name, value)| {
            let found = own.and_then(|mapping| mapping.find(name));
            let merged = || args.owner(name)?.node().as_mapping()?.find(name);
            WrittenArgument {
                place: found.map(|(place, _)| place),
                name,
                // A list or mapping is no value; Compose rejects it, and so does the classification.
                text: if value.node().is_null() { None } else { Some(value.text().unwrap_or("${")) },
                range: found.or_else(merged).map_or(value.node().range, |(_, entry)| entry.range()),
                shared: args.is_shared() || found.is_none(),
            }
        })
        .collect()
}

pub(in crate::callers) fn listed_arguments(args: Cursor<'_>) -> Vec<WrittenArgument<'_>> {
    let written = args.node().as_sequence().map_or(&[][..], |sequence| &sequence.items);
    let pairs = args.items().into_iter().zip(written).enumerate();
    pairs
        .filter_map(|(place, (item, node))| {
            let text = item.text()?;
            let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
            Some(WrittenArgument { place: Some(place), name, text: value, range: node.range, shared: args.is_shared() })
        })
        .collect()
}
