//! Logical lines: continued physical lines, joined as BuildKit joins them (`frontend/dockerfile/parser/parser.go`, `Parse`).

use std::borrow::Cow;

/// A stretch of a joined line or of the text, in bytes; half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }

    pub(super) fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// What one physical line gives to the joined text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Where the piece ends in the joined text.
    pub(super) joined_end: usize,
    /// Where the piece lies in the file's text; may be empty.
    pub(super) host: Span,
}

/// One logical line. Between two pieces the file has a continuation and perhaps comment and blank lines.
#[derive(Debug)]
pub(super) struct LogicalLine<'t> {
    /// From the first byte of the first physical line to behind the last line break.
    pub(super) span: Span,
    /// The text that BuildKit goes on with.
    pub(super) joined: Cow<'t, str>,
    /// At least one.
    pub(super) pieces: Vec<Piece>,
    /// The first blank line inside, which BuildKit warns about.
    pub(super) blank: Option<Span>,
}

/// The end of the physical line that begins at `start`, behind its line feed.
pub(super) fn line_end(text: &str, start: usize) -> usize {
    let rest = text.as_bytes().get(start..).unwrap_or(&[]);
    rest.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| start + at + 1)
}

/// What becomes of a physical line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// Only blanks.
    Blank,
    /// The first character that is not a blank is `#`.
    Comment,
    /// Anything else.
    Text,
}

/// Classifies a physical line, which may or may not have its line break.
pub(super) fn line_kind(line: &str) -> LineKind {
    match line.trim_start().as_bytes().first() {
        None => LineKind::Blank,
        Some(b'#') => LineKind::Comment,
        Some(_) => LineKind::Text,
    }
}

/// Reads the logical line that begins at `start`, where a line of text stands.
pub(super) fn read(text: &str, start: usize, escape: char) -> LogicalLine<'_> {
    let end = line_end(text, start);
    let content = content(text, start, end);
    let indent = content.len() - content.trim_start().len();
    let first = start + indent;
    match continued(content, escape) {
        None => LogicalLine {
            span: Span::new(start, end),
            joined: Cow::Borrowed(content.trim_start()),
            pieces: vec![Piece { joined_end: content.len() - indent, host: Span::new(first, start + content.len()) }],
            blank: None,
        },
        Some(len) => join(text, Span::new(start, end), Span::new(first, start + len), escape),
    }
}

fn join(text: &str, line: Span, first: Span, escape: char) -> LogicalLine<'_> {
    let mut joined = first.of(text).to_owned();
    let mut pieces = vec![Piece { joined_end: joined.len(), host: first }];
    let (mut at, mut blank) = (line.end, None);
    while at < text.len() {
        let end = line_end(text, at);
        let content = content(text, at, end);
        let kind = line_kind(content);
        if kind == LineKind::Text {
            let more = continued(content, escape);
            let host = Span::new(at, at + more.unwrap_or(content.len()));
            joined.push_str(host.of(text));
            pieces.push(Piece { joined_end: joined.len(), host });
            at = end;
            if more.is_none() {
                break;
            }
        } else {
            if kind == LineKind::Blank {
                blank = blank.or(Some(Span::new(at, end)));
            }
            at = end;
        }
    }
    LogicalLine { span: Span::new(line.start, at), joined: Cow::Owned(joined), pieces, blank }
}

fn content(text: &str, start: usize, end: usize) -> &str {
    Span::new(start, end).of(text).trim_end_matches(['\r', '\n'])
}

/// The length of `content` before the escape token that continues it: one that is the last character but for blanks
/// and tabs, and does not stand behind another one.
fn continued(content: &str, escape: char) -> Option<usize> {
    let before = content.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> (String, usize) {
        let line = read(text, 0, '\\');
        (line.joined.into_owned(), line.span.end)
    }

    #[test]
    fn lines_are_joined_with_nothing_in_between() {
        assert_eq!(joined("RUN a \\ \t\r\n# c \\\n\n  b\\\nc\nd"), ("RUN a   bc".to_owned(), 25));
        assert_eq!(joined("RU\\\nN x\n"), ("RUN x".to_owned(), 8));
    }

    #[test]
    fn a_doubled_escape_token_does_not_continue() {
        assert_eq!(joined("RUN a \\\\\nb"), ("RUN a \\\\".to_owned(), 9));
        assert_eq!(joined("RUN a \\\\\\\nb"), ("RUN a \\\\\\".to_owned(), 10));
        assert_eq!(joined("RUN a \\\u{a0}\nb"), ("RUN a \\\u{a0}".to_owned(), 10));
    }

    #[test]
    fn a_continuation_may_dangle_at_the_end() {
        assert_eq!(joined("RUN a \\"), ("RUN a ".to_owned(), 7));
        assert_eq!(joined("RUN a \\\n\n# b\n"), ("RUN a ".to_owned(), 13));
        assert_eq!(joined("\\\n  RUN a\n"), ("  RUN a".to_owned(), 10));
    }
}
