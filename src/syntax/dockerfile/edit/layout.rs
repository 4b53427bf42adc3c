//! How an instruction is laid out over lines. Offsets are bytes of the file's text.

use crate::syntax::dockerfile::logical::{LineKind, line_end, line_kind};
use crate::syntax::dockerfile::{Instruction, SyntaxKind};

/// The blanks of a continued line in a file that shows no habit.
const INDENTATION: &str = "    ";

/// The beginning of the physical line that `at` lies in.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |line_feed| line_feed + 1)
}

/// The blanks and tabs that begin at `at`: how many bytes.
pub(super) fn blanks_after(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    rest.len() - rest.trim_start_matches([' ', '\t']).len()
}

/// The blanks and tabs that end at `at`: how many bytes.
pub(super) fn blanks_before(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or("");
    before.len() - before.trim_end_matches([' ', '\t']).len()
}

/// Whether only blanks stand before `at` in its line.
pub(super) fn begins_line(text: &str, at: usize) -> bool {
    at - blanks_before(text, at) == line_start(text, at)
}

/// Whether nothing but blanks and an escape token stands between `at` and the end of its line.
pub(super) fn is_continued(text: &str, at: usize, escape: char) -> bool {
    rest_of_line(text, at).strip_prefix(escape).is_some_and(str::is_empty)
}

/// Whether nothing but blanks stands between `at` and the end of its line.
pub(super) fn is_line_end(text: &str, at: usize) -> bool {
    rest_of_line(text, at).is_empty()
}

fn rest_of_line(text: &str, at: usize) -> &str {
    text.get(at..line_end(text, at)).unwrap_or("").trim()
}

/// The indentation of the first continued line of `instruction`, or four blanks.
pub(super) fn continuation_indentation(text: &str, instruction: &Instruction) -> String {
    let outer = instruction.outermost();
    let tokens = outer.syntax().descendants_with_tokens().filter_map(rowan::NodeOrToken::into_token);
    let mut continued = tokens.filter(|token| token.kind() == SyntaxKind::Continuation);
    let first = continued.next().map(|token| usize::from(token.text_range().end()));
    let end = usize::from(outer.text_range().end());
    let found = first.and_then(|mut at| {
        while at < end {
            let line = text.get(at..line_end(text, at))?;
            if line_kind(line) == LineKind::Text {
                return Some(&line[..blanks_after(line, 0)]);
            }
            at += line.len();
        }
        None
    });
    found.filter(|blanks| !blanks.is_empty()).unwrap_or(INDENTATION).to_owned()
}
