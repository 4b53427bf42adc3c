//! Places as editors count them: lines from 0, and in a line code units of the encoding that client and server agreed on.

use lsp_types::{ClientCapabilities, Position, PositionEncodingKind, Range};

use crate::source::{LineIndex, size};

/// What the numbers in a line count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every client can (LSP 3.17, `PositionEncodingKind`).
    Utf16,
}

impl Encoding {
    /// Bytes, if the client can count them.
    pub(super) fn of(client: &ClientCapabilities) -> Self {
        let offered = client.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        match offered.is_some_and(|kinds| kinds.contains(&PositionEncodingKind::UTF8)) {
            true => Self::Utf8,
            false => Self::Utf16,
        }
    }

    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn width(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }
}

/// A text with its lines.
pub(super) struct Lines<'t> {
    text: &'t str,
    index: LineIndex,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, encoding: Encoding) -> Self {
        Self { text, index: LineIndex::new(text), encoding }
    }

    /// The place of the byte at `offset`.
    pub(super) fn position(&self, offset: usize) -> Position {
        let at = self.index.line_column(size(offset));
        let end = offset.min(self.text.len());
        let start = (end + 1).saturating_sub(at.column as usize);
        let before = self.text.get(start..end).unwrap_or_default();
        Position::new(at.line - 1, u32::try_from(self.encoding.width(before)).unwrap_or(u32::MAX))
    }

    pub(super) fn range(&self, start: u64, end: u64) -> Range {
        let at = |offset: u64| self.position(usize::try_from(offset).unwrap_or(usize::MAX));
        Range::new(at(start), at(end))
    }

    /// The byte at `position`. A line or character behind the last one is the end of the text or of the line, as LSP has it.
    pub(super) fn offset(&self, position: Position) -> usize {
        let Some(line) = self.index.range_of(position.line.saturating_add(1)) else { return self.text.len() };
        let start = usize::from(line.start());
        let text = self.text.get(start..usize::from(line.end())).unwrap_or_default().trim_end_matches(['\r', '\n']);
        let mut left = position.character as usize;
        for (at, char) in text.char_indices() {
            let width = self.encoding.width(char.encode_utf8(&mut [0; 4]));
            if left < width {
                return start + at;
            }
            left -= width;
        }
        start + text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_code_units() {
        let text = "a\r\nü😀b\n";
        for (encoding, place) in [(Encoding::Utf8, Position::new(1, 6)), (Encoding::Utf16, Position::new(1, 3))] {
            let lines = Lines::new(text, encoding);
            let offset = text.find('b').unwrap();
            assert_eq!(lines.position(offset), place);
            assert_eq!(lines.offset(place), offset);
        }
    }

    #[test]
    fn places_behind_the_end_are_the_end() {
        let lines = Lines::new("ab\r\nc", Encoding::Utf16);
        assert_eq!(lines.offset(Position::new(0, 9)), 2);
        assert_eq!(lines.offset(Position::new(9, 0)), 5);
        assert_eq!(lines.position(99), Position::new(1, 1));
    }
}
