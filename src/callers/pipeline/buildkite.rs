//! Steps of Buildkite that a plugin builds instead of commands: what stands under a setting with `arg` in its name, which is
//! `args` of the plugin for Compose (buildkite-plugins/docker-compose-buildkite-plugin, `README.md`, "args (build only)").
//!
//! Which Dockerfile it is, another file says, and which version of a plugin has secrets, nobody here: it is named, and left
//! to a person.

use crate::callers::offer::refusal;
use crate::callers::yaml::{Cursor, Document};
use crate::callers::{Argument, ArgumentValue, Build, Dockerfiles, Format, Refusal, Request};
use crate::source::Source;

use super::plugin::{argument, pairs, value_of};

/// Whether `text` may have such a step.
pub(super) fn is_mentioned(text: &str) -> bool {
    text.contains("plugins") && text.contains("arg")
}

/// The builds of all plugins in `documents`.
pub(super) fn builds(documents: &[Document], source: &Source) -> Vec<Build> {
    let mut found = Vec::new();
    documents.iter().for_each(|document| collect(Cursor::root(document), source, &mut found));
    found
}

fn collect(here: Cursor<'_>, source: &Source, found: &mut Vec<Build>) {
    for (key, value) in here.entries() {
        if key == "plugins" {
            let plugins = value.items().into_iter().chain([value]).flat_map(Cursor::entries);
            found.extend(plugins.filter_map(|(name, settings)| build(name, settings, source)));
        } else {
            collect(value, source, found);
        }
    }
    here.items().into_iter().for_each(|item| collect(item, source, found));
}

fn build(name: &str, settings: Cursor<'_>, source: &Source) -> Option<Build> {
    let lists = settings.entries().into_iter().filter(|(key, _)| key.to_ascii_lowercase().contains("arg"));
    let arguments: Vec<Argument> = lists.flat_map(|(_, list)| arguments(list)).collect();
    let title = format!("plugin `{name}`");
    (!arguments.is_empty()).then(|| Build {
        dockerfiles: Dockerfiles::Unknown(title.clone()),
        arguments,
        ..Build::at(Format::Buildkite, source.path(), settings.node().range, title)
    })
}

/// The arguments of a list of `NAME=value`, of one such text, or of pairs.
fn arguments(list: Cursor<'_>) -> Vec<Argument> {
    let written = list.items().into_iter().chain([list]).filter_map(|item| {
        let text = item.text()?;
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        Some(argument(name.trim(), value.map_or(ArgumentValue::Inherited, value_of), item))
    });
    written.chain(pairs(list)).collect()
}

/// Why `build` can't be made to honour `requests`; `None` where it is none of a plugin.
pub(super) fn refuse(documents: &[Document], source: &Source, build: &Build, requests: &[Request]) -> Option<Refusal> {
    let plugins = builds(documents, source);
    let plugin = plugins.iter().find(|plugin| plugin.range == build.range && plugin.title == build.title)?;
    let asked = |given: &&Argument| requests.iter().any(|request| request.argument == given.name);
    let given = plugin.arguments.iter().find(asked);
    let secret = given.and_then(|given| {
        let request = requests.iter().find(|request| request.argument == given.name)?;
        Some(format!("secrets:\n  - id={},env={}", request.secret.as_ref()?.id, given.name))
    });
    let reason = format!("whether {} can pass a secret depends on its version", build.title);
    Some(Refusal { instead: secret, ..refusal(reason, given.map_or(build.range, |given| given.range)) })
}
