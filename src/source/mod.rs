//! What a file is: its text, its bytes, its lines, and the edits that can be made to it.
//!
//! Nothing in this room reads or writes a disk. A [`Source`] is made from bytes and gives the same bytes back,
//! also when they are not UTF-8: an undecodable byte is kept as one private-use character while the text is analysed.

mod digest;
mod edit;
mod lines;
mod text;

pub use digest::Digest;
pub use edit::{Edit, Overlap, apply_edits, line_edits};
pub use lines::{LineColumn, LineIndex};
pub use rowan::{TextRange, TextSize};
pub use text::{Newline, Source, TextStyle};

/// Turns a byte offset into a [`TextSize`], saturating at 4 GiB (files that large are refused before they get here).
#[must_use]
pub fn size(offset: usize) -> TextSize {
    TextSize::new(u32::try_from(offset).unwrap_or(u32::MAX))
}

/// The range from `start` to `end`, in bytes of a [`Source`]'s text. An `end` before `start` gives the empty range at `start`.
#[must_use]
pub fn range(start: usize, end: usize) -> TextRange {
    TextRange::new(size(start), size(end.max(start)))
}

/// The slice of `text` that `range` covers; empty where the range does not lie on character boundaries inside `text`.
#[must_use]
pub fn slice(text: &str, range: TextRange) -> &str {
    text.get(usize::from(range.start())..usize::from(range.end())).unwrap_or("")
}
