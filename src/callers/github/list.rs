//! Inputs that are lists: one record a line, read as CSV by the actions of Docker (`actions-toolkit` `src/util.ts`,
//! `getInputList` with `ignoreComma`).

use crate::source::{TextRange, range};

/// One record of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Where it stands in the input's text, without the line break.
    pub range: TextRange,
    /// Its value: without the quotes around the whole record, doubled quotes inside halved, blanks at its ends cut off.
    pub text: String,
    /// Whether quotes are around the whole record; then it may have several lines.
    pub quoted: bool,
}

impl Record {
    /// Name and value of `NAME=value`; the value is `None` for a name alone.
    pub(super) fn pair(&self) -> (&str, Option<&str>) {
        self.text.split_once('=').map_or((&self.text, None), |(name, value)| (name, Some(value)))
    }
}

/// The records of an input's text. Blank lines are none.
pub(super) fn records(text: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let quoted = rest.starts_with('"');
        let end = if quoted { quoted_end(rest) } else { 0 };
        let length = rest.get(end..).and_then(|rest| rest.find('\n')).map_or(rest.len(), |at| end + at);
        let raw = rest.get(..length).unwrap_or(rest);
        let inner = raw.trim_end().strip_prefix('"').map(|inner| inner.strip_suffix('"').unwrap_or(inner));
        let value = inner.map_or_else(|| raw.to_owned(), |inner| inner.replace("\"\"", "\""));
        if !raw.trim().is_empty() {
            let range = range(start, start + raw.trim_end().len());
            records.push(Record { range, text: value.trim().to_owned(), quoted });
        }
        start += length + 1;
    }
    records
}

/// Behind the quote that ends a record; the end of the text if there is none.
fn quoted_end(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1).peekable();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'"' && bytes.next_if(|(_, next)| *next == b'"').is_none() {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_or_what_quotes_hold_together() {
        let shown: Vec<String> =
            records("A=1\n\n  B=x,y\n\"C=a\n\"\"b\"\"\nc\"\nD").into_iter().map(|record| record.text).collect();
        assert_eq!(shown, ["A=1", "B=x,y", "C=a\n\"b\"\nc", "D"]);
    }

    #[test]
    fn an_open_quote_ends_with_the_text() {
        assert_eq!(records("\"A=1\nB").len(), 1);
    }
}
