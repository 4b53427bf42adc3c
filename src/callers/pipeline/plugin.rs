//! The plugins of Drone and Woodpecker that build images: steps with `settings` in the place of commands
//! (drone-plugins/drone-docker `cmd/drone-docker/main.go` and `docker.go`).

use camino::Utf8Path;

use crate::callers::location::{Place, is_remote, resolve};
use crate::callers::offer::{refusal, refuse_beside};
use crate::callers::outside::of_address;
use crate::callers::verify::verified;
use crate::callers::yaml::{Cursor, Document, Members, Patch, path_to};
use crate::callers::{
    Argument, ArgumentValue, Build, Builder, Caller, Dockerfiles, Format, PassedSecret, Receipt, Refusal, Request,
    Rewrite, SecretSource, SecretValue, Surroundings,
};
use crate::knowledge::engines::installed_in;
use crate::source::{Source, range};

/// The settings with build arguments: as pairs, and by the names of variables.
const PAIRS: &str = "build_args";
const NAMES: &str = "build_args_from_env";

/// The setting with secrets of drone-docker: `ID=VARIABLE`.
const SECRETS: &str = "secrets_from_env";

/// Whether `text` may have a step with one of the plugins.
pub(super) fn is_mentioned(text: &str) -> bool {
    text.contains("settings") && ["plugins/", "buildx", "kaniko"].iter().any(|part| text.contains(part))
}

/// What a plugin passes secrets with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plugin {
    /// drone-docker and those that call it: `secrets_from_env`.
    Drone,
    /// Woodpecker's plugin for buildx: `secrets`, whose items have commas in them that lists are joined with.
    Buildx,
    /// Kaniko.
    Kaniko,
}

/// A step that uses a plugin.
struct Step<'d> {
    body: Cursor<'d>,
    settings: Cursor<'d>,
    plugin: Plugin,
}

/// The builds of all plugins in `documents`.
pub(super) fn builds(documents: &[Document], source: &Source, around: &dyn Surroundings) -> Vec<Build> {
    steps(documents).iter().map(|step| build(step, source, around)).collect()
}

fn steps(documents: &[Document]) -> Vec<Step<'_>> {
    let mut found = Vec::new();
    documents.iter().for_each(|document| collect(Cursor::root(document), &mut found));
    found
}

fn collect<'d>(here: Cursor<'d>, found: &mut Vec<Step<'d>>) {
    if let (Some(image), Some(settings)) = (here.get("image").and_then(Cursor::text), here.get("settings"))
        && let Some(plugin) = plugin(image)
    {
        found.push(Step { body: here, settings, plugin });
    }
    here.entries().into_iter().for_each(|(_, value)| collect(value, found));
    here.items().into_iter().for_each(|item| collect(item, found));
}

fn plugin(image: &str) -> Option<Plugin> {
    let name = image.rsplit_once(':').map_or(image, |(name, _)| name);
    let mut parts = name.rsplit('/');
    let (name, owner) = (parts.next()?, parts.next().unwrap_or(""));
    match (owner, name) {
        (_, name) if name.contains("kaniko") => Some(Plugin::Kaniko),
        ("plugins", "docker" | "ecr" | "gcr" | "gar" | "acr" | "heroku") => Some(Plugin::Drone),
        (_, "plugin-docker-buildx" | "docker-buildx" | "wp-docker-buildx" | "drone-docker-buildx") => {
            Some(Plugin::Buildx)
        }
        _ => None,
    }
}

fn build(step: &Step<'_>, source: &Source, around: &dyn Surroundings) -> Build {
    let text = |key: &str| step.settings.get(key).and_then(Cursor::text);
    let name = step.body.get("name").and_then(Cursor::text).or(step.body.get("image").and_then(Cursor::text));
    let Place { dockerfiles, context, outside } = places(text("dockerfile"), text("context"), around);
    let opaque = |key: &str| {
        let setting = step.settings.get(key)?;
        setting.get("from_secret").map(|_| format!("{key}: from_secret"))
    };
    let title = format!("step `{}`", name.unwrap_or("plugin"));
    Build {
        dockerfiles,
        context,
        outside,
        target: text("target").map(str::to_owned),
        builder: builder(step),
        arguments: arguments(step),
        secrets: secrets(step),
        ssh: text("ssh_agent_key").is_some() || step.settings.get("ssh_agent_key").is_some(),
        opaque: opaque(PAIRS).or_else(|| opaque(NAMES)),
        ..Build::at(Format::Drone, source.path(), step.body.node().range, title)
    }
}

fn builder(step: &Step<'_>) -> Builder {
    let image = step.body.get("image").and_then(Cursor::text).unwrap_or("");
    match step.plugin {
        Plugin::Kaniko => Builder::WithoutSecrets("kaniko has no `--secret` and passes over `RUN --mount`".to_owned()),
        Plugin::Buildx => Builder::BuildKit,
        // The plugin calls the docker that it brings, and sets `DOCKER_BUILDKIT`.
        Plugin::Drone => match installed_in(image) {
            Some(release) if release.without_secrets().is_some() => {
                Builder::WithoutSecrets(format!("`{image}` passes over `{SECRETS}`, which the plugin has since 20.12"))
            }
            Some(release) => Builder::Release(release),
            None => Builder::BuildKit,
        },
    }
}

fn places(file: Option<&str>, context: Option<&str>, around: &dyn Surroundings) -> Place {
    let (file, context) = (file.unwrap_or("Dockerfile"), context.unwrap_or("."));
    if is_remote(context) {
        return Place::elsewhere(of_address(context, Some(file)));
    }
    let inside = |path: &str| resolve(Utf8Path::new(""), path);
    let dockerfiles = match inside(file) {
        Some(path) if around.is_file(&path) => Dockerfiles::One(path),
        _ => Dockerfiles::Unknown(file.to_owned()),
    };
    Place { dockerfiles, context: inside(context), outside: None }
}

/// The items of a setting: a list, or one text with commas.
fn items<'d>(step: &Step<'d>, key: &str) -> Vec<(String, Cursor<'d>)> {
    let Some(setting) = step.settings.get(key) else { return Vec::new() };
    match setting.text() {
        Some(text) => text.split(',').map(|item| (item.trim().to_owned(), setting)).collect(),
        None => setting.items().into_iter().filter_map(|item| Some((item.text()?.to_owned(), item))).collect(),
    }
}

fn arguments(step: &Step<'_>) -> Vec<Argument> {
    let written = items(step, PAIRS).into_iter().map(|(text, item)| {
        let (name, value) = text.split_once('=').map_or((text.as_str(), None), |(name, value)| (name, Some(value)));
        argument(name, value.map_or(ArgumentValue::Inherited, value_of), item)
    });
    let given = step.settings.get(PAIRS).into_iter().flat_map(pairs);
    let names = items(step, NAMES).into_iter().map(|(name, item)| argument(&name, ArgumentValue::Inherited, item));
    written.chain(given).chain(names).collect()
}

/// The arguments of a mapping from names to values.
pub(super) fn pairs(list: Cursor<'_>) -> impl Iterator<Item = Argument> {
    let value = |item: Cursor<'_>| item.text().map_or(ArgumentValue::Composite, value_of);
    list.entries().into_iter().map(move |(name, item)| argument(name, value(item), item))
}

/// The argument that stands at `item`.
pub(super) fn argument(name: &str, value: ArgumentValue, item: Cursor<'_>) -> Argument {
    Argument { name: name.to_owned(), value, range: item.node().range, shared: item.is_shared() }
}

/// What the text of a value hands on.
pub(super) fn value_of(text: &str) -> ArgumentValue {
    match text {
        "" => ArgumentValue::Empty,
        _ if text.contains('$') => ArgumentValue::Composite,
        _ => ArgumentValue::Literal(SecretValue::new(text)),
    }
}

fn secrets(step: &Step<'_>) -> Vec<PassedSecret> {
    let of = |key: &str, source: fn(String) -> SecretSource| {
        let pair = move |(text, item): (String, Cursor<'_>)| {
            let (id, value) = text.split_once('=')?;
            Some(PassedSecret { id: id.to_owned(), source: source(value.to_owned()), range: item.node().range })
        };
        items(step, key).into_iter().filter_map(pair).collect::<Vec<_>>()
    };
    let written = |key: &str| {
        let setting = step.settings.get(key);
        let texts = setting.into_iter().flat_map(|setting| match setting.text() {
            Some(_) => vec![setting],
            None => setting.items(),
        });
        texts.filter_map(|item| Some(PassedSecret::written(item.text()?, item.node().range))).collect::<Vec<_>>()
    };
    let files = of("secrets_from_file", SecretSource::File);
    [of(SECRETS, SecretSource::Variable), files, written("secret"), written("secrets")].concat()
}

/// See [`Caller::pass_secrets`]. `None` where `build` is none of a plugin.
pub(super) fn pass_secrets(
    caller: &dyn Caller,
    documents: &[Document],
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    requests: &[Request],
) -> Option<Result<Rewrite, Refusal>> {
    let steps = steps(documents);
    let step = steps.iter().find(|step| step.body.node().range == build.range)?;
    Some(pass(caller, (documents, step), source, around, build, requests))
}

fn pass(
    caller: &dyn Caller,
    (documents, step): (&[Document], &Step<'_>),
    source: &Source,
    around: &dyn Surroundings,
    build: &Build,
    requests: &[Request],
) -> Result<Rewrite, Refusal> {
    if let Builder::WithoutSecrets(sentence) = &build.builder {
        return Err(refusal(sentence.as_str(), build.range));
    }
    if step.settings.is_shared() {
        return Err(refusal("the settings of the step are shared with others through an anchor", build.range));
    }
    refuse_beside(build, requests)?;
    let mut patch = Patch::new(source);
    for request in requests {
        change(&mut patch, step, build, request)?;
    }
    let rewrite = Rewrite { edits: patch.finish(), ..Rewrite::default() };
    if rewrite.edits.is_empty() {
        return Ok(rewrite);
    }
    let changed: Vec<_> = path_to(documents, step.settings.node().range).into_iter().collect();
    verified(caller, source, around, build, requests, rewrite, &changed)
}

fn change(patch: &mut Patch<'_>, step: &Step<'_>, build: &Build, request: &Request) -> Result<(), Refusal> {
    let unclear = || refusal("the settings of the step can't be edited safely", build.range);
    let name = &request.argument;
    let Some(given) = build.arguments.iter().find(|given| given.name == *name) else { return Ok(()) };
    let Some(secret) = &request.secret else {
        return Err(refusal(format!("`{name}` is only dropped, which is left to a person here"), given.range));
    };
    let refuse = |reason: String| {
        let instead = match step.plugin {
            Plugin::Buildx => format!("secrets: [\"id={},env={name}\"]", secret.id),
            _ => format!("{SECRETS}: [{}={name}]", secret.id),
        };
        Refusal { instead: Some(instead), ..refusal(reason, given.range) }
    };
    match &given.value {
        _ if secret.receipt == Receipt::Agent => {
            return Err(refuse(format!("`{name}` is not the content of one file here")));
        }
        _ if step.plugin == Plugin::Buildx => {
            return Err(refuse(
                "whether the plugin takes a secret with a comma in a list depends on its version".to_owned(),
            ));
        }
        ArgumentValue::Inherited => {}
        ArgumentValue::Literal(_) => {
            return Err(refuse(format!(
                "`{name}` has a fixed value here; a credential has to be replaced and to come from outside"
            )));
        }
        _ => return Err(refuse(format!("`{name}` is filled in a way that a secret of the plugin can't be"))),
    }
    if build.secrets.iter().any(|passed| passed.id == secret.id) {
        return Err(refuse(format!("the step passes the secret `{}` already", secret.id)));
    }
    let mapping = step.settings.node().as_mapping().filter(|settings| !settings.flow).ok_or_else(unclear)?;
    let (_, entry) = mapping.find(NAMES).ok_or_else(|| refuse(format!("`{name}` is not in `{NAMES}`")))?;
    let list = step.settings.get(NAMES).filter(|list| !list.is_shared()).ok_or_else(unclear)?;
    let items = list.items();
    let place = items.iter().position(|item| item.text() == Some(name)).ok_or_else(unclear)?;
    let item = items.get(place).ok_or_else(unclear)?;
    let new = format!("{}={name}", secret.id);
    if items.len() == 1 && mapping.find(SECRETS).is_none() {
        patch.replace(entry.key_range, SECRETS);
        patch.replace(item.node().range, &new);
        return Ok(());
    }
    if items.len() == 1 {
        let at = mapping.find(NAMES).map(|(place, _)| place).ok_or_else(unclear)?;
        patch.remove_members(step.settings.node(), &[at]).ok_or_else(unclear)?;
    } else {
        patch.remove_members(list.node(), &[place]).ok_or_else(unclear)?;
    }
    let members = Members::of_lines(&[new], true);
    match mapping.find(SECRETS) {
        Some((_, secrets)) => patch.append_to_entry(secrets, &members, 0).ok_or_else(unclear)?,
        None => {
            let column = patch.column(entry.key_range.start());
            let block = list.node().as_sequence().is_some_and(|list| !list.flow);
            let step = if block { patch.column(list.node().range.start()).saturating_sub(column) } else { 2 };
            patch.insert_entry(
                mapping,
                SECRETS,
                &members,
                range(entry.range().end().into(), entry.range().end().into()),
                step,
            );
        }
    }
    Ok(())
}
