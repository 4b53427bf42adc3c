use std::fmt;

use super::{TextRange, range};

/// One replacement in one file: the bytes of `range` (in the original text) become `text`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    start: u32,
    end: u32,
    /// What stands there afterwards; empty for a deletion.
    pub text: String,
}

impl Edit {
    /// Replaces `range` by `text`.
    #[must_use]
    pub fn replace(range: TextRange, text: impl Into<String>) -> Self {
        Self { start: range.start().into(), end: range.end().into(), text: text.into() }
    }

    /// Removes `range`.
    #[must_use]
    pub fn delete(range: TextRange) -> Self {
        Self::replace(range, "")
    }

    /// Puts `text` before the byte at `offset`.
    #[must_use]
    pub fn insert(offset: rowan::TextSize, text: impl Into<String>) -> Self {
        Self::replace(TextRange::empty(offset), text)
    }

    /// The one edit that turns `old` into `new`: all between their common beginning and their common end.
    #[must_use]
    pub fn between(old: &str, new: &str) -> Self {
        let common = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
            pairs.take_while(|(left, right)| left == right).map(|(left, _)| left.len_utf8()).sum()
        };
        let start = common(&mut old.chars().zip(new.chars()));
        let (old_rest, new_rest) = (&old[start..], &new[start..]);
        let end = common(&mut old_rest.chars().rev().zip(new_rest.chars().rev()));
        Self::replace(range(start, old.len() - end), &new_rest[..new_rest.len() - end])
    }

    /// The range that is replaced, in bytes of the original text.
    #[must_use]
    pub fn range(&self) -> TextRange {
        range(self.start as usize, self.end as usize)
    }

    /// Whether both edits touch a common byte, or insert at the same place.
    ///
    /// Two insertions at one offset collide because their order would be arbitrary; an insertion at the edge of a
    /// replaced range does not.
    #[must_use]
    pub fn collides_with(&self, other: &Self) -> bool {
        if self == other {
            return false;
        }
        let insertions = self.start == self.end && other.start == other.end;
        if insertions { self.start == other.start } else { self.start < other.end && other.start < self.end }
    }
}

/// The edits that turn `old` into `new`, in whole lines.
#[must_use]
pub fn line_edits(old: &str, new: &str) -> Vec<Edit> {
    let starts = |text: &str| -> Vec<usize> {
        let ends = text.split_inclusive('\n').scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        });
        std::iter::once(0).chain(ends).collect()
    };
    let (old_starts, new_starts) = (starts(old), starts(new));
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let operations = similar::capture_diff_slices(similar::Algorithm::Myers, &old_lines, &new_lines);
    let changed = operations.into_iter().filter(|operation| operation.tag() != similar::DiffTag::Equal);
    changed
        .map(|operation| {
            let (from, to) = (operation.old_range(), operation.new_range());
            let text = &new[new_starts[to.start]..new_starts[to.end]];
            Edit::replace(range(old_starts[from.start], old_starts[from.end]), text)
        })
        .collect()
}

/// Two edits of one list that touch the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The edit that comes first in the text.
    pub first: Edit,
    /// The edit that collides with it.
    pub second: Edit,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "two edits collide at bytes {:?} and {:?}", self.first.range(), self.second.range())
    }
}

impl std::error::Error for Overlap {}

/// Applies `edits`, given in any order, to `text`. Identical edits count once.
///
/// # Errors
/// [`Overlap`] if two different edits touch the same bytes or insert at the same offset.
pub fn apply_edits(text: &str, edits: &[Edit]) -> Result<String, Overlap> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for (index, edit) in sorted.iter().enumerate() {
        if let Some(next) = sorted.get(index + 1)
            && edit.collides_with(next)
        {
            return Err(Overlap { first: (*edit).clone(), second: (*next).clone() });
        }
        let (start, end) = (edit.start as usize, edit.end as usize);
        result.push_str(text.get(done..start).unwrap_or(""));
        result.push_str(&edit.text);
        done = end;
    }
    result.push_str(text.get(done..).unwrap_or(""));
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::size;

    #[test]
    fn edits_apply_in_any_order_and_identical_ones_once() {
        let a = Edit::replace(range(0, 1), "x");
        let b = Edit::insert(size(3), "y");
        assert_eq!(apply_edits("abc", &[b.clone(), a.clone(), b.clone()]), Ok("xbcy".to_owned()));
    }

    #[test]
    fn an_insertion_may_touch_a_replacement_but_two_insertions_collide() {
        let a = Edit::insert(size(1), "x");
        let b = Edit::replace(range(1, 2), "");
        assert_eq!(apply_edits("abc", &[a.clone(), b]), Ok("axc".to_owned()));
        assert!(apply_edits("abc", &[a, Edit::insert(size(1), "y")]).is_err());
    }

    #[test]
    fn overlapping_replacements_are_refused() {
        assert!(apply_edits("abcd", &[Edit::delete(range(0, 3)), Edit::delete(range(2, 4))]).is_err());
    }
}
