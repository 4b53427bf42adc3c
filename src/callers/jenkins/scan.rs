//! The words and strings of Groovy, as far as a pipeline's steps can be told by them. What is between them is not understood:
//! a pipeline is a program.

use crate::source::{TextRange, range};

/// A piece of Groovy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub range: TextRange,
}

/// What a [`Token`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, with those behind its dots: `sh`, `docker.build`.
    Word,
    /// A string.
    Text(Quotes),
    /// `(`, `[` or `{`
    Open,
    /// `)`, `]` or `}`
    Close,
    /// The end of a line.
    Line,
    /// Any other character.
    Mark(char),
}

/// How a string is quoted (groovy-lang.org, "Strings").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// `'…'`
    Single,
    /// `'''…'''`
    TripleSingle,
    /// `"…"`, in which `$` is replaced.
    Double,
    /// `"""…"""`, in which `$` is replaced.
    TripleDouble,
    /// `/…/` and `$/…/$`, which have escapes of their own.
    Slashes,
}

impl Quotes {
    /// How many bytes begin it, and as many end it.
    pub(super) fn width(self) -> usize {
        if matches!(self, Self::TripleSingle | Self::TripleDouble) { 3 } else { 1 }
    }

    /// Whether values are put in.
    pub(super) fn replaces(self) -> bool {
        matches!(self, Self::Double | Self::TripleDouble | Self::Slashes)
    }

    /// Whether it may go over several lines.
    pub(super) fn has_lines(self) -> bool {
        matches!(self, Self::TripleSingle | Self::TripleDouble)
    }
}

/// The tokens of `text`, without blanks and comments. A string that does not end is none: `None`.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = if text.starts_with("#!") { text.find('\n').unwrap_or(text.len()) } else { 0 };
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = comment(rest) {
            at += length;
            continue;
        }
        let (kind, length) = next(rest, tokens.last().map(|token| token.kind))?;
        if let Some(kind) = kind {
            tokens.push(Token { kind, range: range(at, at + length) });
        }
        at += length;
    }
    Some(tokens)
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let inside = rest.strip_prefix("/*")?;
    Some(inside.find("*/").map_or(rest.len(), |end| end + 4))
}

fn next(rest: &str, before: Option<Kind>) -> Option<(Option<Kind>, usize)> {
    let first = rest.chars().next()?;
    let text = |quotes, end: &str| {
        let length = string(rest, end)?;
        Some((Some(Kind::Text(quotes)), length))
    };
    match first {
        '\'' if rest.starts_with("'''") => text(Quotes::TripleSingle, "'''"),
        '"' if rest.starts_with("\"\"\"") => text(Quotes::TripleDouble, "\"\"\""),
        '\'' => text(Quotes::Single, "'"),
        '"' => text(Quotes::Double, "\""),
        '$' if rest.starts_with("$/") => {
            let end = rest.get(2..)?.find("/$")? + 4;
            Some((Some(Kind::Text(Quotes::Slashes)), end))
        }
        // Behind a value it divides.
        '/' if matches!(before, None | Some(Kind::Open | Kind::Line | Kind::Mark(',' | '=' | ':' | '~' | '('))) => {
            match string(rest, "/") {
                Some(length) => Some((Some(Kind::Text(Quotes::Slashes)), length)),
                None => Some((Some(Kind::Mark('/')), 1)),
            }
        }
        '(' | '[' | '{' => Some((Some(Kind::Open), 1)),
        ')' | ']' | '}' => Some((Some(Kind::Close), 1)),
        '\n' => Some((Some(Kind::Line), 1)),
        first if first.is_whitespace() => Some((None, first.len_utf8())),
        first if first.is_alphabetic() || matches!(first, '_' | '$') => Some((Some(Kind::Word), word(rest))),
        first => Some((Some(Kind::Mark(first)), first.len_utf8())),
    }
}

/// The length of a string with its quotes; `end` ends it. Values in it may hold strings themselves.
fn string(rest: &str, end: &str) -> Option<usize> {
    let mut at = end.len();
    let replaces = !end.starts_with('\'');
    loop {
        let inside = rest.get(at..).filter(|inside| !inside.is_empty())?;
        if inside.starts_with(end) {
            return Some(at + end.len());
        }
        if inside.starts_with('\\') {
            at += 1 + inside.get(1..)?.chars().next().map_or(0, char::len_utf8);
        } else if replaces && inside.starts_with("${") {
            at += 2 + value(inside.get(2..)?)?;
        } else if inside.starts_with('\n') && end.len() == 1 && end != "/" {
            return None;
        } else {
            at += inside.chars().next()?.len_utf8();
        }
    }
}

/// The length of what is between `${` and its `}`, with the `}`.
fn value(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        match rest.chars().next()? {
            '}' if depth == 0 => return Some(at + 1),
            '}' => depth -= 1,
            '{' => depth += 1,
            quote @ ('\'' | '"') => {
                at += string(rest, if quote == '"' { "\"" } else { "'" })?;
                continue;
            }
            _ => {}
        }
        at += rest.chars().next()?.len_utf8();
    }
}

fn word(rest: &str) -> usize {
    let is_part = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$');
    let name = |text: &str| text.chars().take_while(|char| is_part(*char)).map(char::len_utf8).sum::<usize>();
    let mut length = name(rest);
    while let Some(behind) = rest.get(length..).and_then(|behind| behind.strip_prefix('.')) {
        let more = if behind.starts_with(|char: char| char.is_ascii_digit()) { 0 } else { name(behind) };
        if more == 0 {
            break;
        }
        length += 1 + more;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::slice;

    fn shown(text: &str) -> Vec<&str> {
        tokens(text).unwrap().iter().map(|token| slice(text, token.range)).collect()
    }

    #[test]
    fn strings_and_comments_are_told_apart() {
        assert_eq!(shown("sh 'a // b' // c\n"), ["sh", "'a // b'", "\n"]);
        assert_eq!(shown("x = \"${f(\"}\")}\" /* ' */ + '''a'b'''"), ["x", "=", "\"${f(\"}\")}\"", "+", "'''a'b'''"]);
        assert_eq!(shown("a / b; c = /d'e/"), ["a", "/", "b", ";", "c", "=", "/d'e/"]);
        assert_eq!(shown("docker.build('a\\'b')"), ["docker.build", "(", "'a\\'b'", ")"]);
        assert_eq!(shown("#!/usr/bin/env groovy 'x\nnode"), ["\n", "node"]);
    }

    #[test]
    fn a_string_that_does_not_end_makes_the_file_unreadable() {
        assert!(tokens("sh 'a\n").is_none() && tokens("sh '''a").is_none() && tokens("\"${a").is_none());
    }
}
