//! Takes words out of a command without leaving holes in its layout.

use crate::source::{TextRange, range};

/// The range to delete so that no blank, and no continued line that held nothing else, is left behind.
pub(super) fn with_its_line(text: &str, at: TextRange, continuation: char) -> TextRange {
    let (start, end) = (usize::from(at.start()), usize::from(at.end()));
    let before = text.get(..start).unwrap_or("");
    let after = text.get(end..).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = after.find('\n').map_or(text.len(), |newline| end + newline + 1);
    let head = before.get(line_start..).unwrap_or("");
    let tail = text.get(end..line_end).unwrap_or("").trim();
    if is_idle(head, tail) && !opens_body(before.get(..line_start).unwrap_or("")) {
        return range(line_start, line_end);
    }
    let blank = head.trim().is_empty();
    let alone = blank && line_start > 0;
    let continued = tail.strip_suffix(continuation).is_some_and(str::is_empty);
    if alone && (continued || tail.is_empty() && !continues(before, continuation)) {
        return range(line_start, line_end);
    }
    if alone && tail.is_empty() {
        let kept = before.trim_end().trim_end_matches(continuation).trim_end().len();
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

/// Whether all that is left of a line is `FLAGS="$FLAGS"`. Only at the margin: what is indented may be all that a branch does.
fn is_idle(head: &str, tail: &str) -> bool {
    let Some((name, value)) = head.split_once("=\"") else { return false };
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !name.is_empty();
    let same = value.trim_end() == format!("${name}") || value.trim_end() == format!("${{{name}}}");
    is_name && same && tail == "\""
}

/// Whether the text before a line ends with a word that has to have a command behind it.
fn opens_body(before: &str) -> bool {
    let last = before.split_whitespace().next_back().unwrap_or("");
    matches!(last, "then" | "do" | "else" | "{" | "&&" | "||" | "|" | "!") || last.ends_with(['\\', '(', ')'])
}

/// Whether the line before this one is continued.
fn continues(before: &str, continuation: char) -> bool {
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    before.get(..line_start).unwrap_or("").trim_end().ends_with(continuation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, part: &str) -> String {
        let start = text.find(part).unwrap();
        let at = with_its_line(text, range(start, start + part.len()), '\\');
        let mut text = text.to_owned();
        text.replace_range(usize::from(at.start())..usize::from(at.end()), "");
        text
    }

    #[test]
    fn flags_that_would_be_assigned_to_themselves_go_with_their_line() {
        assert_eq!(without("A=1\nARGS=\"$ARGS --x T\"\nb\n", "--x T"), "A=1\nb\n");
        assert_eq!(without("ARGS=\"${ARGS} --x T\"\n", "--x T"), "");
    }

    #[test]
    fn flags_stay_where_the_line_says_more_or_a_branch_needs_it() {
        assert_eq!(without("ARGS=\"$ARGS --x T -y\"\n", "--x T"), "ARGS=\"$ARGS -y\"\n");
        assert_eq!(without("if a; then\n  ARGS=\"$ARGS --x T\"\nfi\n", "--x T"), "if a; then\n  ARGS=\"$ARGS\"\nfi\n");
        assert_eq!(without("if a; then\nARGS=\"$ARGS --x T\"\nfi\n", "--x T"), "if a; then\nARGS=\"$ARGS\"\nfi\n");
        assert_eq!(without("ARGS=\"$OTHER --x T\"\n", "--x T"), "ARGS=\"$OTHER\"\n");
    }
}
