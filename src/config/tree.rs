//! Settings as they are written, each value with where it stands: what files are merged in and shown from.

use std::collections::BTreeMap;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::line_of;

/// Who decided something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody.
    Default,
    /// A line of a file.
    File(Utf8PathBuf, usize),
    /// The person at a review, for this run.
    Review,
    /// An option of the command line.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Review => f.write_str("review"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// A table of settings.
pub(super) type Table = BTreeMap<String, Tree>;

/// A setting or a table of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Table(Table),
    List(Vec<Leaf>),
    Leaf(Leaf),
}

/// A value and who decided it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub value: toml::Value,
    pub origin: Origin,
}

/// Lists of which one takes back what the other one says.
const OPPOSITES: &[[&str; 3]] =
    &[["names", "secret", "ignore"], ["dockerfiles", "include", "exclude"], ["codemods", "select", "ignore"]];

/// Reads a table that was parsed from `text`. `origin` makes the origin of a line.
pub(super) fn read(table: &DeTable<'_>, text: &str, origin: &dyn Fn(usize) -> Origin) -> Table {
    let leaf = |value: &Spanned<DeValue<'_>>| {
        let parsed = toml::Value::deserialize(ValueDeserializer::from(value.clone())).ok()?;
        Some(Leaf { value: parsed, origin: origin(line_of(text, value.span().start)) })
    };
    let tree = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::Table(table) => Some(Tree::Table(read(table, text, origin))),
        DeValue::Array(items) => Some(Tree::List(items.iter().filter_map(leaf).collect())),
        _ => leaf(value).map(Tree::Leaf),
    };
    table.iter().filter_map(|(key, value)| Some((key.get_ref().to_string(), tree(value)?))).collect()
}

/// Puts `above` over `below`: values replace, lists add, and an entry of a list is taken out of the opposite one.
pub(super) fn merge(below: &mut Table, above: &Table) {
    merge_at(below, above, "");
    for [table, one, other] in OPPOSITES {
        let added = |name: &str| match above.get(*table) {
            Some(Tree::Table(table)) => list(table, name).iter().map(|leaf| leaf.value.clone()).collect(),
            _ => Vec::new(),
        };
        let (ones, others): (Vec<_>, Vec<_>) = (added(one), added(other));
        let Some(Tree::Table(merged)) = below.get_mut(*table) else { continue };
        take_back(merged, other, &ones);
        // `codemods.ignore` counts more than `codemods.select` anyway, and a selection of nothing is not one of all.
        if *one != "select" {
            take_back(merged, one, &others);
        }
    }
}

fn take_back(table: &mut Table, name: &str, values: &[toml::Value]) {
    if let Some(Tree::List(leaves)) = table.get_mut(name) {
        leaves.retain(|leaf| !values.contains(&leaf.value));
    }
}

fn list<'t>(table: &'t Table, name: &str) -> &'t [Leaf] {
    match table.get(name) {
        Some(Tree::List(leaves)) => leaves,
        _ => &[],
    }
}

fn merge_at(below: &mut Table, above: &Table, path: &str) {
    for (key, tree) in above {
        let path = format!("{path}.{key}");
        match (below.get_mut(key), tree) {
            (Some(Tree::Table(old)), Tree::Table(new)) => merge_at(old, new, &path),
            (Some(Tree::List(old)), Tree::List(new)) if adds(&path, new) => {
                let fresh = new.iter().filter(|leaf| !old.iter().any(|known| known.value == leaf.value));
                let fresh: Vec<Leaf> = fresh.cloned().collect();
                old.extend(fresh);
            }
            _ => drop(below.insert(key.clone(), tree.clone())),
        }
    }
}

/// Whether a list adds to what others say. What builds an image and which codemods are selected is said anew, but an engine
/// of the command line comes on top.
fn adds(path: &str, new: &[Leaf]) -> bool {
    match path {
        ".codemods.select" => false,
        ".engines" => new.iter().all(|leaf| leaf.origin == Origin::CommandLine),
        _ => true,
    }
}

/// The value of a table, without origins.
pub(super) fn value(table: &Table) -> toml::Table {
    table.iter().map(|(key, tree)| (key.clone(), tree.value())).collect()
}

impl Tree {
    fn value(&self) -> toml::Value {
        match self {
            Self::Table(table) => toml::Value::Table(value(table)),
            Self::List(leaves) => toml::Value::Array(leaves.iter().map(|leaf| leaf.value.clone()).collect()),
            Self::Leaf(leaf) => leaf.value.clone(),
        }
    }

    /// Every value in it.
    pub(super) fn leaves(&self) -> Vec<&Leaf> {
        match self {
            Self::Table(table) => table.values().flat_map(Self::leaves).collect(),
            Self::List(leaves) => leaves.iter().collect(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }

    /// Where it is decided, or the first thing in it.
    pub(super) fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Table(table) => table.values().find_map(Self::origin),
            Self::List(leaves) => leaves.first().map(|leaf| &leaf.origin),
            Self::Leaf(leaf) => Some(&leaf.origin),
        }
    }
}

/// What stands at a path of keys.
pub(super) fn at<'t>(table: &'t Table, keys: &[&str]) -> Option<&'t Tree> {
    let (last, before) = keys.split_last()?;
    let table = before.iter().try_fold(table, |table, key| match table.get(*key)? {
        Tree::Table(table) => Some(table),
        _ => None,
    })?;
    table.get(*last)
}

/// Rewrites the paths of a file in `folder`, which begin there, to paths from the root.
pub(super) fn root(table: &mut Table, folder: &Utf8Path) {
    let pattern = |text: &str| super::paths::rooted(folder, text);
    let path = |text: &str| folder.join(text).into_string();
    if let Some(Tree::Table(builds)) = table.get_mut("builds") {
        rename(builds, &path);
        for tree in builds.values_mut() {
            rewrite(tree, &path);
        }
    }
    for name in ["dockerfiles", "callers"] {
        let Some(Tree::Table(table)) = table.get_mut(name) else { continue };
        for tree in table.values_mut() {
            match tree {
                Tree::Table(patterns) => rename(patterns, &pattern),
                tree => rewrite(tree, &pattern),
            }
        }
    }
}

fn rename(table: &mut Table, rewrite: &dyn Fn(&str) -> String) {
    *table = std::mem::take(table).into_iter().map(|(key, tree)| (rewrite(&key), tree)).collect();
}

fn rewrite(tree: &mut Tree, rewrite: &dyn Fn(&str) -> String) {
    let leaves = match tree {
        Tree::Leaf(leaf) => std::slice::from_mut(leaf),
        Tree::List(leaves) => leaves,
        Tree::Table(_) => return,
    };
    for leaf in leaves {
        if let toml::Value::String(text) = &leaf.value {
            leaf.value = toml::Value::String(rewrite(text));
        }
    }
}
