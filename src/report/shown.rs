//! Texts as they may be shown.

use std::ops::Range;

use super::Redactor;
use crate::source::TextRange;

/// What stands where a secret's value was.
pub const REDACTED: &str = "[redacted]";

/// A text as it may be shown: without secrets, and without characters that a terminal obeys or that hide or reorder
/// others. It has the same lines as the original, and ranges of the original can be found in it.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    text: String,
    pieces: Vec<Piece>,
}

/// A range of the original and what is shown for it; of one length where it is shown as it is.
#[derive(Debug, Clone)]
struct Piece {
    original: Range<usize>,
    shown: Range<usize>,
}

impl Shown {
    /// The shown form of `text`, a whole file.
    #[must_use]
    pub fn new(text: &str, redactor: &Redactor) -> Self {
        let mut shown = Self::default();
        let mut done = 0;
        for secret in redactor.secrets(text) {
            shown.push_plain(text, done..secret.start);
            shown.push_secret(text, secret.clone());
            done = secret.end;
        }
        shown.push_plain(text, done..text.len());
        shown
    }

    /// What is shown. Only a line feed ends a line in it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where `range` of the original is shown, in bytes of [`Self::text`].
    #[must_use]
    pub fn range(&self, range: TextRange) -> Range<usize> {
        let start = self.offset(range.start().into(), false);
        start..self.offset(range.end().into(), true).max(start)
    }

    fn offset(&self, original: usize, end: bool) -> usize {
        let after = self.pieces.partition_point(|piece| piece.original.start < original + usize::from(!end));
        let Some(piece) = after.checked_sub(1).and_then(|index| self.pieces.get(index)) else { return 0 };
        if original >= piece.original.end {
            return piece.shown.end;
        }
        let verbatim = piece.original.len() == piece.shown.len();
        match (verbatim, end) {
            (true, _) => piece.shown.start + (original - piece.original.start),
            (false, true) => piece.shown.end,
            (false, false) => piece.shown.start,
        }
    }

    fn push(&mut self, original: Range<usize>, shown: &str) {
        let start = self.text.len();
        self.text.push_str(shown);
        self.pieces.push(Piece { original, shown: start..self.text.len() });
    }

    fn push_plain(&mut self, text: &str, range: Range<usize>) {
        let Some(plain) = text.get(range.clone()) else { return };
        let mut verbatim = range.start;
        for (at, char) in plain.char_indices() {
            let at = range.start + at;
            let next = at + char.len_utf8();
            let before_newline = text.get(next..).is_some_and(|rest| rest.starts_with('\n'));
            let Some(escape) = escape(char, at, before_newline) else { continue };
            if verbatim < at {
                self.push(verbatim..at, text.get(verbatim..at).unwrap_or(""));
            }
            self.push(at..next, &escape);
            verbatim = next;
        }
        if verbatim < range.end {
            self.push(verbatim..range.end, text.get(verbatim..range.end).unwrap_or(""));
        }
    }

    fn push_secret(&mut self, text: &str, range: Range<usize>) {
        let lines = text.get(range.clone()).unwrap_or("").matches('\n').count();
        self.push(range, &format!("{REDACTED}{}", "\n".repeat(lines)));
    }
}

/// How a character of a file is shown, where not as itself.
fn escape(char: char, at: usize, before_newline: bool) -> Option<String> {
    match char {
        '\n' | '\t' => None,
        '\r' if before_newline => Some(String::new()),
        '\u{feff}' if at == 0 => Some(String::new()),
        _ => escape_char(char),
    }
}

/// The visible form of a character that is not plain text; `None` for one that is.
fn escape_char(char: char) -> Option<String> {
    match char {
        // A byte that is not UTF-8, see `Source`.
        '\u{10ff80}'..='\u{10ffff}' => Some(format!("\\x{:02x}", u32::from(char) & 0xff)),
        // Reordering and invisible characters: a name or a line could be read as another one (CVE-2021-42574).
        '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Some(char.escape_unicode().to_string()),
        _ if char.is_control() => Some(char.escape_default().to_string()),
        _ => None,
    }
}

/// Whether a terminal shows the character as itself.
pub(super) fn is_plain(char: char) -> bool {
    escape_char(char).is_none()
}

/// A name or a message in one line, without characters that a terminal obeys.
#[must_use]
pub fn line(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut line, char| {
        match escape_char(char) {
            Some(escape) => line.push_str(&escape),
            None => line.push(char),
        }
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, range};
    use proptest::prelude::*;

    fn shown(text: &str) -> Shown {
        Shown::new(text, &Redactor::new(["hunter2"]))
    }

    #[test]
    fn places_are_found_behind_a_redaction() {
        let text = "A=hunter2 B=x\r\nC";
        let shown = shown(text);
        assert_eq!(shown.text(), "A=[redacted] B=x\nC");
        assert_eq!(&shown.text()[shown.range(range(2, 9))], REDACTED);
        assert_eq!(&shown.text()[shown.range(range(4, 11))], "[redacted] B");
        assert_eq!(&shown.text()[shown.range(range(15, 16))], "C");
        assert_eq!(shown.range(range(10, 10)), 13..13);
    }

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        assert_eq!(shown("\u{feff}a\u{1b}[31m\u{202e}\rb").text(), "a\\u{1b}[31m\\u{202e}\\rb");
        assert_eq!(line("a\nb\u{9b}"), "a\\nb\\u{9b}");
        assert_eq!(shown(Source::new("f", vec![b'a', 0xff]).text()).text(), "a\\xff");
    }

    proptest! {
        #[test]
        fn ranges_stay_inside_and_lines_stay(text in "(hunter2|[a-c\\r\\n\u{1b}é])*", start in 0_usize..40, length in 0_usize..40) {
            let shown = shown(&text);
            let end = (start + length).min(text.len());
            let found = shown.range(range(start.min(end), end));
            prop_assert!(shown.text().get(found.start.min(found.end)..found.end).is_some() || !text.is_char_boundary(end) || !text.is_char_boundary(start));
            prop_assert_eq!(shown.text().matches('\n').count(), text.matches('\n').count());
            prop_assert!(!shown.text().contains("hunter2"));
        }
    }
}
