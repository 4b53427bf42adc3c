use super::{TextRange, TextSize, range, size};

/// Where lines begin, so that an offset can be shown to a person.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
    len: u32,
}

/// A place as editors and compilers write it: both numbers start at 1; the column counts bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// One-based line.
    pub line: u32,
    /// One-based column in bytes.
    pub column: u32,
}

impl LineIndex {
    /// Indexes `text`. Only a line feed ends a line, as for BuildKit (`frontend/dockerfile/parser/parser.go`, `scanLines`).
    #[must_use]
    pub fn new(text: &str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| u32::from(size(at + 1))))
            .collect();
        Self { starts, len: size(text.len()).into() }
    }

    /// The line and column of `offset`.
    #[must_use]
    pub fn line_column(&self, offset: TextSize) -> LineColumn {
        let offset = u32::from(offset).min(self.len);
        let line = self.starts.partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.starts.get(line).copied().unwrap_or(0);
        LineColumn { line: u32::from(size(line + 1)), column: offset - start + 1 }
    }

    /// The one-based line of `offset`.
    #[must_use]
    pub fn line(&self, offset: TextSize) -> u32 {
        self.line_column(offset).line
    }

    /// The bytes of the one-based `line` with its line feed; `None` past the end.
    #[must_use]
    pub fn range_of(&self, line: u32) -> Option<TextRange> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.len);
        Some(range(start as usize, end as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_feed_ends_a_line() {
        let index = LineIndex::new("a\rb\nc");
        assert_eq!(index.line_column(size(2)), LineColumn { line: 1, column: 3 });
        assert_eq!(index.line_column(size(4)), LineColumn { line: 2, column: 1 });
        assert_eq!(index.range_of(1), Some(range(0, 4)));
        assert_eq!(index.range_of(3), None);
    }
}
