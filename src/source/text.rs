use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

/// The private-use block that stands for bytes which are not UTF-8: byte `0x80 + n` is `U+10FF00 + 0x80 + n`.
const ESCAPED_BYTES: u32 = 0x0010_FF00;

/// How lines end in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newline {
    /// `\n`
    Lf,
    /// `\r\n`
    Crlf,
}

impl Newline {
    /// The characters to insert for a new line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::Crlf => "\r\n",
        }
    }
}

/// The habits of a file that every inserted line has to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    /// The ending of most lines.
    pub newline: Newline,
    /// Whether the text begins with a UTF-8 byte order mark.
    pub bom: bool,
    /// Whether the last line is ended.
    pub final_newline: bool,
}

/// One file of a repository, read once: its path and its text.
///
/// Invariant: `Source::new(path, bytes).encode() == bytes` for every byte sequence.
#[derive(Debug, Clone)]
pub struct Source {
    path: Utf8PathBuf,
    text: Arc<str>,
    escaped: bool,
}

impl Source {
    /// Decodes `bytes`. `path` is relative to the repository and written with forward slashes.
    #[must_use]
    pub fn new(path: impl Into<Utf8PathBuf>, bytes: Vec<u8>) -> Self {
        let (text, escaped) = match String::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => (escape(error.as_bytes()), true),
        };
        Self { path: path.into(), text: text.into(), escaped }
    }

    /// The path from the repository's root.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The text that is parsed and that every range refers to.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it says the same as `other`; quickly where both come from one reading.
    pub(crate) fn is_same_text(&self, other: &Self) -> bool {
        self.escaped == other.escaped && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
    }

    /// Whether the bytes are not UTF-8, so that [`Self::text`] holds stand-ins for some of them.
    #[must_use]
    pub fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// The bytes of the file as it stands.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encode_text(&self.text)
    }

    /// The bytes of `text`, an edited form of this file's text.
    #[must_use]
    pub fn encode_text(&self, text: &str) -> Vec<u8> {
        if self.escaped { unescape(text) } else { text.as_bytes().to_vec() }
    }

    /// The same file with another text, as an edit leaves it.
    #[must_use]
    pub fn with_text(&self, text: impl Into<Arc<str>>) -> Self {
        Self { path: self.path.clone(), text: text.into(), escaped: self.escaped }
    }

    /// What an inserted line has to look like. A file without any line ending counts as `\n`.
    #[must_use]
    pub fn style(&self) -> TextStyle {
        let lines = self.text.matches('\n').count();
        let crlf = self.text.matches("\r\n").count();
        TextStyle {
            newline: if crlf * 2 > lines { Newline::Crlf } else { Newline::Lf },
            bom: self.text.starts_with('\u{feff}'),
            final_newline: self.text.ends_with('\n'),
        }
    }
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            if is_stand_in(char) {
                let mut buffer = [0; 4];
                text.extend(char.encode_utf8(&mut buffer).bytes().filter_map(stand_in));
            } else {
                text.push(char);
            }
        }
        text.extend(chunk.invalid().iter().copied().filter_map(stand_in));
    }
    text
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for char in text.chars() {
        match u8::try_from(u32::from(char).wrapping_sub(ESCAPED_BYTES)) {
            Ok(byte) if byte >= 0x80 => bytes.push(byte),
            _ => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

fn stand_in(byte: u8) -> Option<char> {
    char::from_u32(ESCAPED_BYTES + u32::from(byte))
}

fn is_stand_in(char: char) -> bool {
    (ESCAPED_BYTES + 0x80..=ESCAPED_BYTES + 0xff).contains(&u32::from(char))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_byte_sequence_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Source::new("f", bytes.clone()).encode(), bytes);
        }
    }

    #[test]
    fn a_stand_in_that_is_really_in_the_file_comes_back() {
        let mut bytes = "a\u{10ff90}b".as_bytes().to_vec();
        bytes.push(0xff);
        let source = Source::new("f", bytes.clone());
        assert!(source.is_escaped());
        assert_eq!(source.encode(), bytes);
    }

    #[test]
    fn the_style_of_most_lines_wins() {
        let style = Source::new("f", b"\xef\xbb\xbfa\r\nb\r\nc\n".to_vec()).style();
        assert_eq!(style, TextStyle { newline: Newline::Crlf, bom: true, final_newline: true });
    }
}
