//! Takes words out of a command without leaving holes in its layout.

use crate::source::{TextRange, range};

/// The range to delete so that no blank, and no continued line that held nothing else, is left behind.
pub(super) fn with_its_line(text: &str, at: TextRange) -> TextRange {
    let (start, end) = (usize::from(at.start()), usize::from(at.end()));
    let before = text.get(..start).unwrap_or("");
    let after = text.get(end..).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = after.find('\n').map_or(text.len(), |newline| end + newline + 1);
    let head = before.get(line_start..).unwrap_or("");
    let tail = text.get(end..line_end).unwrap_or("").trim();
    let blank = head.trim().is_empty();
    let alone = blank && line_start > 0;
    if alone && (tail == "\\" || tail.is_empty() && !continues(before)) {
        return range(line_start, line_end);
    }
    if alone && tail.is_empty() {
        let kept = before.trim_end().trim_end_matches('\\').trim_end().len();
        return range(kept, end);
    }
    let kept = before.trim_end_matches([' ', '\t']).len();
    if kept < start && !blank {
        return range(kept, end);
    }
    // At the start of a line, behind a quote or a bracket: the blank that follows goes instead.
    let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
    range(start, end + blanks)
}

/// Whether the line before this one is continued.
fn continues(before: &str) -> bool {
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    before.get(..line_start).unwrap_or("").trim_end().ends_with('\\')
}
