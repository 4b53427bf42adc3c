//! The JSON form (BuildKit: `frontend/dockerfile/parser/line_parsers.go`, `parseJSON`).

use crate::syntax::dockerfile::logical::Span;

/// What the arguments of an instruction that may stand in JSON form are.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::syntax::dockerfile) enum Array {
    /// Not a JSON array: shell form.
    Not,
    /// A JSON array with an element that is not a string, which BuildKit refuses.
    Mixed,
    /// A JSON array of strings, each with its quotes.
    Strings(Vec<Span>),
}

/// Reads `span` as a JSON array of strings.
pub(in crate::syntax::dockerfile) fn scan(text: &str, span: Span) -> Array {
    let raw = span.of(text);
    if !raw.starts_with('[') {
        return Array::Not;
    }
    match strings(raw) {
        Some(strings) => Array::Strings(
            strings.into_iter().map(|string| Span::new(span.start + string.start, span.start + string.end)).collect(),
        ),
        None if serde_json::from_str::<Vec<serde::de::IgnoredAny>>(raw).is_ok() => Array::Mixed,
        None => Array::Not,
    }
}

fn strings(raw: &str) -> Option<Vec<Span>> {
    let mut strings = Vec::new();
    let mut at = skip_blanks(raw, 1);
    if raw.as_bytes().get(at) != Some(&b']') {
        loop {
            let end = string_end(raw, at)?;
            strings.push(Span::new(at, end));
            at = skip_blanks(raw, end);
            match raw.as_bytes().get(at)? {
                b',' => at = skip_blanks(raw, at + 1),
                b']' => break,
                _ => return None,
            }
        }
    }
    (skip_blanks(raw, at + 1) == raw.len()).then_some(strings)
}

fn skip_blanks(raw: &str, from: usize) -> usize {
    let blanks = raw.bytes().skip(from).take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    from + blanks.count()
}

/// The end of the string literal that begins at `start`, behind its closing quote.
fn string_end(raw: &str, start: usize) -> Option<usize> {
    let bytes = raw.as_bytes();
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' if bytes.get(at + 1) == Some(&b'u') => {
                let digits = bytes.get(at + 2..at + 6)?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                at += 6;
            }
            b'\\' if matches!(bytes.get(at + 1)?, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
            b'\\' | 0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

/// Decodes a string literal with its quotes into pieces: the decoded text, and the span of `raw` it stands for.
/// Like Go, half a surrogate pair becomes U+FFFD.
pub(in crate::syntax::dockerfile) fn decode(raw: &str) -> Vec<(String, Span)> {
    let mut pieces: Vec<(String, Span)> = Vec::new();
    let (mut at, end) = (1, raw.len().saturating_sub(1));
    while at < end {
        let rest = Span::new(at, end).of(raw);
        let plain = rest.find('\\').unwrap_or(rest.len());
        let (text, len) =
            if plain > 0 { (rest.get(..plain).unwrap_or("").to_owned(), plain) } else { decode_escape(rest) };
        pieces.push((text, Span::new(at, at + len)));
        at += len.max(1);
    }
    pieces
}

fn decode_escape(rest: &str) -> (String, usize) {
    let char = match rest.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return decode_unicode(rest),
        Some(other) => char::from(*other),
        None => return (rest.to_owned(), rest.len()),
    };
    (char.to_string(), 2)
}

fn decode_unicode(rest: &str) -> (String, usize) {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else { return (rest.to_owned(), rest.len()) };
    if let Some(second) = unit(6)
        && let Ok(pair) = String::from_utf16(&[first, second])
        && pair.chars().count() == 1
    {
        return (pair, 12);
    }
    (String::from_utf16_lossy(&[first]), 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(text: &str) -> Array {
        scan(text, Span::new(0, text.len()))
    }

    fn decoded(raw: &str) -> String {
        decode(raw).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn anything_but_an_array_of_strings_is_not_the_json_form() {
        assert_eq!(array("[ ]"), Array::Strings(vec![]));
        assert_eq!(array(r#"["a" , "b\"]"]"#), Array::Strings(vec![Span::new(1, 4), Span::new(7, 13)]));
        assert_eq!(array("['a']"), Array::Not);
        assert_eq!(array(r#"["a"] && b"#), Array::Not);
        assert_eq!(array(r#"["a",]"#), Array::Not);
        assert_eq!(array(r#"["\x"]"#), Array::Not);
        assert_eq!(array(r#"["a", 1]"#), Array::Mixed);
        assert_eq!(array("[null]"), Array::Mixed);
    }

    #[test]
    fn escapes_are_decoded_as_go_does() {
        assert_eq!(decoded(r#""a\\b\"\n\u0041\/""#), "a\\b\"\nA/");
        assert_eq!(decoded(r#""\ud83d\ude00""#), "\u{1f600}");
        assert_eq!(decoded(r#""\ud83dx""#), "\u{fffd}x");
    }
}
