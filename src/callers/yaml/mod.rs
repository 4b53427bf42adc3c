//! YAML as data with places: what a workflow or Compose file says, and edits of its text.
//!
//! A library reads the text; nothing is ever printed through it. Every edit is a small text [`Edit`](crate::source::Edit)
//! made from the byte ranges of the nodes, so that comments, quotes, blank lines, key order and line endings stay as they
//! are. [`same_except`] proves afterwards that an edited text says the same in every place that was not meant to change.

mod append;
mod compare;
mod cursor;
mod exchange;
mod patch;
mod read;
mod scalar;
mod tree;

#[cfg(test)]
mod tests;

pub use append::Members;
pub use compare::{Path, Step, path_to, paths_of, same_except};
pub use cursor::Cursor;
pub use patch::Patch;
pub use read::{Unreadable, read};
pub use scalar::view;
pub use tree::{Content, Document, Entry, Mapping, Node, Scalar, Sequence, Style};

use camino::Utf8Path;

/// Whether the file at `path` is YAML by its ending.
#[must_use]
pub fn has_ending(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("yml" | "yaml"))
}
