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

/// The smallest indentation of the continued lines of `instruction`, or four blanks: lines inside an `if` stand deeper.
pub(super) fn continuation_indentation(text: &str, instruction: &Instruction) -> String {
    let outer = instruction.outermost();
    let tokens = outer.syntax().descendants_with_tokens().filter_map(rowan::NodeOrToken::into_token);
    let mut continued = tokens.filter(|token| token.kind() == SyntaxKind::Continuation);
    let Some(first) = continued.next() else { return INDENTATION.to_owned() };
    let end = usize::from(outer.text_range().end());
    let last = continued.last().unwrap_or_else(|| first.clone());
    let mut at = usize::from(first.text_range().end());
    // Behind the last continuation comes one more line; the bodies of heredocs follow it.
    let continued = text.get(at..usize::from(last.text_range().end())).unwrap_or("");
    let mut lines_left = continued.matches('\n').count() + 1;
    let mut found: Option<&str> = None;
    while at < end && lines_left > 0 {
        let line = text.get(at..line_end(text, at)).unwrap_or("");
        let blanks = &line[..blanks_after(line, 0)];
        if line_kind(line) == LineKind::Text && found.is_none_or(|least| blanks.len() < least.len()) {
            found = Some(blanks);
        }
        at += line.len().max(1);
        lines_left -= 1;
    }
    found.filter(|blanks| !blanks.is_empty()).unwrap_or(INDENTATION).to_owned()
}
