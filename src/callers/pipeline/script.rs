//! The scripts of a pipeline: lists of commands with what surrounds them.

use std::collections::BTreeMap;

use super::host::Host;
use super::layout::Layout;
use crate::callers::shell::Classic;
use crate::callers::yaml::{Cursor, Document};
use crate::source::Source;

/// The commands that one shell runs, in the circumstances of one job.
#[derive(Debug, Clone, Default)]
pub(super) struct Script<'d> {
    /// The commands, in order.
    pub commands: Vec<Cursor<'d>>,
    /// The variables that the pipeline exports to them with a fixed text.
    pub variables: BTreeMap<String, String>,
    /// Where they run.
    pub host: Host,
    /// Whether the same shell may run commands of another file in front of them.
    pub unseen: bool,
}

impl Script<'_> {
    /// Whether a plain `docker build` is the classic builder's.
    pub(super) fn classic(&self, layout: &Layout) -> Option<Classic> {
        let of_place = self.host.place.as_deref().and_then(Classic::of_image);
        of_place.or_else(|| layout.classic.map(|clause| Classic::UnlessAsked(clause.to_owned())))
    }
}

/// The scripts of all mappings of `document` that hold commands.
pub(super) fn scripts<'d>(layout: &Layout, document: &'d Document, source: &Source) -> Vec<Script<'d>> {
    let mut found = Vec::new();
    collect((layout, source), Cursor::root(document), &[], &mut found);
    found
}

fn collect<'d>(file: (&Layout, &Source), here: Cursor<'d>, around: &[Cursor<'d>], found: &mut Vec<Script<'d>>) {
    let (layout, source) = file;
    let scopes = [around, &[here]].concat();
    for keys in layout.shells {
        let lists = keys.iter().filter_map(|key| here.get(key));
        let commands: Vec<Cursor<'_>> = lists.flat_map(|list| commands(list.get("commands").unwrap_or(list))).collect();
        if !commands.is_empty() {
            let host = Host::of(layout.format, &scopes, source.text());
            found.push(Script { commands, variables: variables(layout, &scopes), host, unseen: false });
        }
    }
    for (_, value) in here.entries() {
        collect(file, value, &scopes, found);
    }
    for item in here.items() {
        collect(file, item, &scopes, found);
    }
}

/// The commands of a list or of a single text; lists in lists come from anchors and count as one.
pub(super) fn commands(list: Cursor<'_>) -> Vec<Cursor<'_>> {
    if list.text().is_some() {
        return vec![list];
    }
    list.items().into_iter().flat_map(commands).collect()
}

/// The fixed variables of all scopes, the inner ones last. One whose value names another is not fixed.
pub(super) fn variables(layout: &Layout, scopes: &[Cursor<'_>]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for scope in scopes {
        for way in layout.variables {
            let mapping = way.iter().try_fold(*scope, |here, key| here.get(key));
            for (name, value) in mapping.map(Cursor::entries).unwrap_or_default() {
                all.remove(name);
                let value = value.get("value").unwrap_or(value);
                let fixed = value.text().filter(|text| !text.contains('$'));
                all.extend(fixed.map(|text| (name.to_owned(), text.to_owned())));
            }
        }
    }
    all
}
