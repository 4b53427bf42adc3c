//! A change as a unified diff in git's form.
//!
//! There are two forms. The exact one is for `git apply`: its bytes are the files' bytes. The shown one is for people:
//! the same lines, redacted, and with colours that the output strips where they are not wanted.

mod name;

use std::ops::Range;

use anstyle::{AnsiColor, Style};
use camino::Utf8Path;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::{Redactor, Shown};
use crate::plan::FileChange;

/// Lines of context around a change, as in `git diff`.
const CONTEXT: usize = 3;

const HEADER: Style = Style::new().bold();
const HUNK: Style = AnsiColor::Cyan.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();

/// The patch of one file for `git apply`, byte for byte; empty if nothing changes. `path` is from the root of the
/// repository, `created` says that the file does not exist before.
#[must_use]
pub fn exact(path: &Utf8Path, change: &FileChange, created: bool) -> Vec<u8> {
    let (before, after) = (change.before.encode(), change.after.encode());
    let (old, new) = (lines(&before), lines(&after));
    let hunks = hunks(&old, &new);
    if before == after && !created {
        return Vec::new();
    }
    let mut patch = name::header(path, created, !hunks.is_empty()).concat().into_bytes();
    for hunk in hunks {
        patch.extend(hunk.header().as_bytes());
        for (mark, index) in hunk.lines() {
            let line = if mark == '+' { new.get(index) } else { old.get(index) }.copied().unwrap_or_default();
            patch.push(mark as u8);
            patch.extend(line);
            if !line.ends_with(b"\n") {
                patch.extend(format!("\n{NO_NEWLINE}\n").as_bytes());
            }
        }
    }
    patch
}

const NO_NEWLINE: &str = "\\ No newline at end of file";

/// The patch of one file for people: redacted, with colours as escape codes.
#[must_use]
pub fn shown(path: &Utf8Path, change: &FileChange, created: bool, redactor: &Redactor) -> String {
    let (before, after) = (change.before.encode(), change.after.encode());
    if before == after && !created {
        return String::new();
    }
    let hunks = hunks(&lines(&before), &lines(&after));
    let (old, new) = (Shown::new(change.before.text(), redactor), Shown::new(change.after.text(), redactor));
    let (old, new) = (lines(old.text().as_bytes()), lines(new.text().as_bytes()));
    let mut patch = String::new();
    let mut push = |style: Style, text: &str| patch.push_str(&format!("{style}{text}{style:#}\n"));
    for line in name::header(path, created, !hunks.is_empty()) {
        push(HEADER, line.trim_end_matches(['\n', '\t']));
    }
    for hunk in hunks {
        push(HUNK, hunk.header().trim_end());
        for (mark, index) in hunk.lines() {
            let line = if mark == '+' { new.get(index) } else { old.get(index) }.copied().unwrap_or_default();
            push(style_of(mark), &format!("{mark}{}", String::from_utf8_lossy(line).trim_end_matches('\n')));
            if !line.ends_with(b"\n") {
                push(Style::new(), NO_NEWLINE);
            }
        }
    }
    patch
}

fn style_of(mark: char) -> Style {
    match mark {
        '-' => REMOVED,
        '+' => ADDED,
        _ => Style::new(),
    }
}

/// The lines with their line feeds. Only a line feed ends a line, as for git.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Changes that lie close together, with the lines around them.
struct Hunk(Vec<DiffOp>);

fn hunks(old: &[&[u8]], new: &[&[u8]]) -> Vec<Hunk> {
    let operations = capture_diff_slices(Algorithm::Myers, old, new);
    group_diff_ops(operations, CONTEXT).into_iter().map(Hunk).collect()
}

impl Hunk {
    fn header(&self) -> String {
        let ends = |range: fn(&DiffOp) -> Range<usize>| {
            let start = self.0.first().map_or(0, |first| range(first).start);
            span(start..self.0.last().map_or(start, |last| range(last).end))
        };
        format!("@@ -{} +{} @@\n", ends(DiffOp::old_range), ends(DiffOp::new_range))
    }

    /// The mark of each line, and its index: among the new lines for `+`, else among the old ones.
    fn lines(&self) -> impl Iterator<Item = (char, usize)> {
        self.0.iter().flat_map(|operation| {
            let (tag, old, new) = operation.as_tag_tuple();
            let kept = if tag == DiffTag::Equal { old.clone() } else { 0..0 };
            let removed = if tag == DiffTag::Equal { 0..0 } else { old };
            let added = if tag == DiffTag::Equal { 0..0 } else { new };
            let marked = |mark| move |index| (mark, index);
            kept.map(marked(' ')).chain(removed.map(marked('-'))).chain(added.map(marked('+')))
        })
    }
}

/// One side of a hunk's header. An empty range is named by the line before it, a range of one line by its number alone.
fn span(range: Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        length => format!("{},{length}", range.start + 1),
    }
}

#[cfg(test)]
mod tests;
