//! The scripts of a pipeline: lists of commands with what surrounds them.

use std::collections::BTreeMap;

use super::layout::Layout;
use crate::callers::shell::{Classic, release_of_image};
use crate::callers::yaml::{Cursor, Document};
use crate::knowledge::engines::Release;

/// The commands that one shell runs, in the circumstances of one job.
#[derive(Debug, Clone, Default)]
pub(super) struct Script<'d> {
    /// The commands, in order.
    pub commands: Vec<Cursor<'d>>,
    /// The variables that the pipeline exports to them with a fixed text.
    pub variables: BTreeMap<String, String>,
    /// The image in which they run.
    pub image: Option<&'d str>,
}

impl Script<'_> {
    /// Whether a plain `docker build` is the classic builder's.
    pub(super) fn classic(&self, layout: &Layout) -> Option<Classic> {
        let of_image = self.image.and_then(Classic::of_image);
        of_image.or_else(|| layout.classic.map(|clause| Classic::UnlessAsked(clause.to_owned())))
    }

    /// The engine of the image in which the commands run, such as `docker:20.10-dind` or `…/buildah/stable:v1.44`,
    /// where its tag says the version.
    pub(super) fn release(&self) -> Option<Release> {
        release_of_image(self.image?)
    }
}

/// The scripts of all mappings of `document` that hold commands.
pub(super) fn scripts<'d>(layout: &Layout, document: &'d Document) -> Vec<Script<'d>> {
    let mut found = Vec::new();
    collect(layout, Cursor::root(document), &[], &mut found);
    found
}

fn collect<'d>(layout: &Layout, here: Cursor<'d>, around: &[Cursor<'d>], found: &mut Vec<Script<'d>>) {
    let scopes = [around, &[here]].concat();
    for keys in layout.shells {
        let lists = keys.iter().filter_map(|key| here.get(key));
        let commands: Vec<Cursor<'_>> = lists.flat_map(|list| commands(list.get("commands").unwrap_or(list))).collect();
        if !commands.is_empty() {
            found.push(Script { commands, variables: variables(layout, &scopes), image: image(&scopes) });
        }
    }
    for (_, value) in here.entries() {
        collect(layout, value, &scopes, found);
    }
    for item in here.items() {
        collect(layout, item, &scopes, found);
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

/// The image of the innermost scope that has one.
pub(super) fn image<'d>(scopes: &[Cursor<'d>]) -> Option<&'d str> {
    let named = |scope: &Cursor<'d>| {
        let image = scope.get("image")?;
        image.get("name").unwrap_or(image).text()
    };
    scopes.iter().rev().find_map(named)
}
