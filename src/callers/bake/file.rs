//! What a bake file says, the same for HCL and JSON: blocks with entries, and values with the places where they stand.

use crate::source::{TextRange, slice};

/// How a file is written, which decides how it is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// HCL: entries end with their line, commas between the pairs of an object may be left out.
    Hcl,
    /// HCL's JSON form: strings are templates.
    Json,
}

/// A file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BakeFile {
    /// How it is written.
    pub syntax: Syntax,
    /// Its blocks, in the order of the text.
    pub blocks: Vec<Block>,
    /// What stands outside of them: values that can be referred to like variables.
    pub attributes: Vec<Entry>,
}

/// `target "app" { … }`, `variable "TAG" { … }`, `group "default" { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// `target`, `variable`, `group`, `function`.
    pub kind: String,
    /// Its label; empty where it has none.
    pub name: String,
    /// From its first to its last byte.
    pub range: TextRange,
    /// What it sets, in order.
    pub entries: Vec<Entry>,
}

/// A name and its value: an attribute of a block, a pair of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The name; `None` for one that is computed.
    pub key: Option<String>,
    /// Where the name stands.
    pub key_range: TextRange,
    /// The value.
    pub value: Value,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// From its first to its last byte, with quotes and brackets.
    pub range: TextRange,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// A text, a number or a truth value, or anything that is evaluated to one.
    Text(Vec<Piece>),
    /// `null`
    Null,
    /// `[…]`
    List(Vec<Value>),
    /// `{…}`
    Map(Vec<Entry>),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Fixed text.
    Text(String),
    /// A variable, with what is taken from it: `TAG`, `item.context`.
    Reference(String),
    /// Anything else: functions, conditions, loops.
    Computed,
}

impl BakeFile {
    /// The blocks of one kind.
    pub(super) fn of_kind<'f>(&'f self, kind: &'f str) -> impl Iterator<Item = &'f Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// The blocks of one kind and name: they are merged, the later ones win.
    pub(super) fn named<'f>(&'f self, kind: &'f str, name: &'f str) -> impl Iterator<Item = &'f Block> {
        self.of_kind(kind).filter(move |block| block.name == name)
    }
}

impl Block {
    /// The entry of this name.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.as_deref() == Some(key))
    }
}

impl Entry {
    /// From the first byte of the name to the last of the value.
    pub(super) fn range(&self) -> TextRange {
        self.key_range.cover(self.value.range)
    }
}

impl Value {
    /// The pairs of an object; none for anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        if let Content::Map(entries) = &self.content { entries } else { &[] }
    }

    /// The members of a list; none for anything else.
    pub(super) fn items(&self) -> &[Self] {
        if let Content::List(items) = &self.content { items } else { &[] }
    }

    /// The value of a pair of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key.as_deref() == Some(key)).map(|entry| &entry.value)
    }

    /// The text, where it is fixed.
    pub(super) fn literal(&self) -> Option<String> {
        let Content::Text(pieces) = &self.content else { return None };
        pieces.iter().map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None }).collect()
    }

    /// The variable that it is, and nothing else.
    pub(super) fn reference(&self) -> Option<&str> {
        match &self.content {
            Content::Text(pieces) => match pieces.as_slice() {
                [Piece::Reference(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether two files say the same but for the entries for which `changed` holds; it is given the zero-based block and the
/// name of the entry.
pub(super) fn same_except(
    (before, old): (&BakeFile, &str),
    (after, new): (&BakeFile, &str),
    changed: &dyn Fn(usize, &str) -> bool,
) -> bool {
    let text = |text: &str, entries: &[Entry], block: usize| -> Vec<String> {
        let kept = entries.iter().filter(|entry| !entry.key.as_deref().is_some_and(|key| changed(block, key)));
        kept.map(|entry| squeezed(slice(text, entry.range()))).collect()
    };
    let blocks = before.blocks.iter().zip(&after.blocks).enumerate();
    before.blocks.len() == after.blocks.len()
        && text(old, &before.attributes, usize::MAX) == text(new, &after.attributes, usize::MAX)
        && blocks.into_iter().all(|(at, (left, right))| {
            (&left.kind, &left.name) == (&right.kind, &right.name)
                && text(old, &left.entries, at) == text(new, &right.entries, at)
        })
}

fn squeezed(text: &str) -> String {
    text.replace('\r', "")
}
