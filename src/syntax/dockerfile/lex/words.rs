//! Words, split in the two ways that BuildKit splits them (`frontend/dockerfile/parser/line_parsers.go`).

use crate::syntax::dockerfile::logical::Span;

/// What BuildKit's `reWhitespace` matches.
pub(in crate::syntax::dockerfile) fn is_blank(char: char) -> bool {
    matches!(char, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// `span` without the Unicode white space at both ends.
pub(in crate::syntax::dockerfile) fn trim(text: &str, span: Span) -> Span {
    let raw = span.of(text);
    let end = span.start + raw.trim_end().len();
    let start = span.end - raw.trim_start().len();
    Span::new(start.min(end), end)
}

/// Splits `span`, which is trimmed, at its first run of blanks: what stands before and behind it.
pub(in crate::syntax::dockerfile) fn split_first(text: &str, span: Span) -> (Span, Option<Span>) {
    let raw = span.of(text);
    let Some(at) = raw.find(is_blank) else { return (span, None) };
    let rest = raw.get(at..).unwrap_or("").trim_start_matches(is_blank);
    (Span::new(span.start, span.start + at), Some(Span::new(span.end - rest.len(), span.end)))
}

/// The words between blanks; quotes mean nothing (`parseStringsWhitespaceDelimited`).
pub(in crate::syntax::dockerfile) fn split_blanks(text: &str, span: Span) -> Vec<Span> {
    let mut words = Vec::new();
    let mut rest = Some(span).filter(|rest| !rest.is_empty());
    while let Some(span) = rest {
        let (word, behind) = split_first(text, span);
        words.push(word);
        rest = behind;
    }
    words
}

/// The words between white space that is neither quoted nor escaped (`parseWords`). An escape token with nothing behind
/// it belongs to no word.
pub(in crate::syntax::dockerfile) fn split_quoted(text: &str, span: Span, escape: char) -> Vec<Span> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut end = span.end;
    let mut chars = span.of(text).char_indices();
    while let Some((at, char)) = chars.next() {
        let at = span.start + at;
        if quote.is_none() && char.is_whitespace() {
            words.extend(start.take().map(|start| Span::new(start, at)));
            continue;
        }
        if char == escape && quote != Some('\'') && at + char.len_utf8() == span.end {
            end = at;
            break;
        }
        start = start.or(Some(at));
        if quote == Some(char) {
            quote = None;
        } else if char == escape && quote != Some('\'') {
            chars.next();
        } else if quote.is_none() && matches!(char, '\'' | '"') {
            quote = Some(char);
        }
    }
    words.extend(start.map(|start| Span::new(start, end)));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Vec<&str> {
        split_quoted(text, Span::new(0, text.len()), '\\').into_iter().map(|word| word.of(text)).collect()
    }

    #[test]
    fn quotes_and_escapes_protect_blanks() {
        assert_eq!(quoted(r#"a="b c"d e\ f 'g\' h"#), [r#"a="b c"d"#, r"e\ f", r"'g\'", "h"]);
        assert_eq!(quoted(r"a\\\"), [r"a\\"]);
        assert_eq!(quoted(r"a \"), ["a"]);
        assert_eq!(quoted("a\u{a0}b  \"\" \"x y"), ["a", "b", "\"\"", "\"x y"]);
    }

    #[test]
    fn only_ascii_blanks_separate_plain_words() {
        let text = "a\u{b}\tb\u{a0}c";
        let words = split_blanks(text, Span::new(0, text.len()));
        assert_eq!(words.iter().map(|word| word.of(text)).collect::<Vec<_>>(), ["a", "b\u{a0}c"]);
        assert!(split_blanks("", Span::new(0, 0)).is_empty());
    }
}
