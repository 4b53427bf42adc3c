//! Flags of an instruction (BuildKit: `frontend/dockerfile/parser/split_command.go`, `extractBuilderFlags`).
//!
//! BuildKit reads flags byte by byte as if they were Latin-1: of the blanks beyond ASCII only U+0085 and U+00A0 end a
//! flag, and none may stand in front of one. A flag with any other character beyond ASCII comes out garbled there, and
//! is even split inside a character with a byte 0x85 or 0xA0. Here such characters stay whole.

use crate::syntax::dockerfile::logical::Span;

/// The leading words that begin with `--`.
#[derive(Debug, Default)]
pub(in crate::syntax::dockerfile) struct Flags {
    /// Each flag as written.
    pub(in crate::syntax::dockerfile) words: Vec<Span>,
    /// The bare `--` that ended them.
    pub(in crate::syntax::dockerfile) end: Option<Span>,
    /// What stands behind them, not trimmed.
    pub(in crate::syntax::dockerfile) rest: usize,
}

/// Splits the flags off the front of `span`.
pub(in crate::syntax::dockerfile) fn split(text: &str, span: Span, escape: char) -> Flags {
    let mut flags = Flags { rest: span.start, ..Flags::default() };
    loop {
        let raw = Span::new(flags.rest, span.end).of(text);
        let start = span.end - raw.trim_start_matches(is_ascii_space).len();
        if !Span::new(start, span.end).of(text).starts_with("--") {
            flags.rest = start;
            return flags;
        }
        let word = Span::new(start, start + word_len(Span::new(start, span.end).of(text), escape));
        let behind = Span::new(word.end, span.end).of(text);
        flags.rest = span.end - behind.strip_prefix(LATIN_SPACES).unwrap_or(behind).len();
        if decode(word.of(text), escape).text == "--" && !behind.starts_with(LATIN_SPACES) {
            flags.end = Some(word);
            return flags;
        }
        flags.words.push(word);
    }
}

/// The blanks of Latin-1 beyond ASCII.
const LATIN_SPACES: [char; 2] = ['\u{85}', '\u{a0}'];

fn is_ascii_space(char: char) -> bool {
    char.is_ascii() && char.is_whitespace()
}

fn word_len(text: &str, escape: char) -> usize {
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match quote {
            None if is_ascii_space(char) || LATIN_SPACES.contains(&char) => return at,
            None if matches!(char, '\'' | '"') => quote = Some(char),
            Some(open) if open == char => quote = None,
            _ if char == escape => {
                chars.next();
            }
            _ => {}
        }
    }
    text.len()
}

/// A flag without its quotes and escapes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::syntax::dockerfile) struct DecodedFlag {
    /// The flag as BuildKit sees it.
    pub(in crate::syntax::dockerfile) text: String,
    /// Where the first `=` stands: in `text`, and as written.
    pub(in crate::syntax::dockerfile) equals: Option<(usize, usize)>,
}

impl DecodedFlag {
    /// The name without `--`, and the value behind the first `=`.
    pub(in crate::syntax::dockerfile) fn parts(&self) -> (&str, Option<&str>) {
        let end = self.equals.map_or(self.text.len(), |(at, _)| at);
        let name = self.text.get(..end).unwrap_or("");
        (name.strip_prefix("--").unwrap_or(name), self.equals.and_then(|(at, _)| self.text.get(at + 1..)))
    }
}

/// Removes the quotes and escapes of one flag.
pub(in crate::syntax::dockerfile) fn decode(raw: &str, escape: char) -> DecodedFlag {
    let mut flag = DecodedFlag::default();
    let mut quote = None;
    let mut chars = raw.char_indices();
    while let Some((at, char)) = chars.next() {
        let (at, char) = match quote {
            None if matches!(char, '\'' | '"') => {
                quote = Some(char);
                continue;
            }
            Some(open) if open == char => {
                quote = None;
                continue;
            }
            _ if char == escape => match chars.next() {
                Some(escaped) => escaped,
                None => break,
            },
            _ => (at, char),
        };
        if char == '=' && flag.equals.is_none() {
            flag.equals = Some((flag.text.len(), at));
        }
        flag.text.push(char);
    }
    flag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(text: &str) -> (Vec<&str>, &str) {
        let flags = split(text, Span::new(0, text.len()), '\\');
        let rest = text.get(flags.rest..).unwrap_or("");
        (flags.words.into_iter().map(|word| word.of(text)).collect(), rest)
    }

    #[test]
    fn the_first_other_word_ends_the_flags() {
        assert_eq!(flags("--a=1  --b x --c"), (vec!["--a=1", "--b"], "x --c"));
        assert_eq!(flags("--a=1 -- --b"), (vec!["--a=1"], " --b"));
        assert_eq!(flags("\"--a\" b"), (vec![], "\"--a\" b"));
        assert_eq!(flags("--a"), (vec!["--a"], ""));
        assert_eq!(flags("--a\u{a0}--b c"), (vec!["--a", "--b"], "c"));
        assert_eq!(flags("\u{a0}--a b"), (vec![], "\u{a0}--a b"));
    }

    #[test]
    fn quotes_protect_blanks_and_vanish() {
        assert_eq!(flags(r#"--m="a b"c\ d e"#), (vec![r#"--m="a b"c\ d"#], "e"));
        assert_eq!(decode(r#"--m="a b"c\ d"#, '\\').parts(), ("m", Some("a bc d")));
        assert_eq!(decode("--link", '\\').parts(), ("link", None));
        assert_eq!(decode("--'m=x'=y", '\\').parts(), ("m", Some("x=y")));
    }
}
