//! A Groovy string as the shell text that it is.

use super::pipeline::Scope;
use super::scan::{Quotes, Token};
use crate::callers::shell::{Foreign, Replaced, Span};
use crate::source::{TextRange, range, slice};
use crate::syntax::view::{Quoting, View};

/// The text of a string, with a variable in the place of every value that Groovy puts in. `None` where it can't be mapped.
pub(super) fn read(text: &str, token: &Token, quotes: Quotes, scope: &Scope) -> Option<Replaced> {
    if quotes == Quotes::Slashes {
        return None;
    }
    let width = quotes.width();
    let (start, end) = (usize::from(token.range.start()) + width, usize::from(token.range.end()) - width);
    let plain = raw(text, range(start, end), quotes);
    let spans = spans(plain.text(), quotes, scope)?;
    Replaced::new(&plain, &spans, "GROOVY_VALUE", Quoting::Lines)
}

/// The text as it is written, without the carriage returns of Windows line ends, which Groovy drops as well.
fn raw(text: &str, at: TextRange, quotes: Quotes) -> View {
    let mut view = View::new(Quoting::Groovy { double: quotes.replaces(), lines: quotes.has_lines() });
    let mut start = usize::from(at.start());
    for line in slice(text, at).split_inclusive('\n') {
        let end = start + line.len();
        match line.strip_suffix("\r\n") {
            Some(content) => {
                view.push(content, range(start, start + content.len()));
                view.push("\n", range(end - 2, end));
            }
            None => view.push(line, range(start, end)),
        }
        start = end;
    }
    view
}

/// Text, escapes and values.
fn spans<'t>(text: &'t str, quotes: Quotes, scope: &Scope) -> Option<Vec<Span<'t>>> {
    let mut spans = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let span = if rest.starts_with('\\') {
            Some(escape(rest)?)
        } else if quotes.replaces() && rest.starts_with('$') {
            value(rest, scope)
        } else {
            None
        };
        let length = rest.chars().next()?.len_utf8();
        let Some((span, length)) = span else {
            at += length;
            continue;
        };
        spans.extend(text.get(done..at).filter(|text| !text.is_empty()).map(Span::Text));
        spans.push(span);
        at += length;
        done = at;
    }
    spans.extend(text.get(done..).filter(|text| !text.is_empty()).map(Span::Text));
    Some(spans)
}

/// An escape (groovy-lang.org, "Escaping special characters"); a backslash at the end of a line joins it with the next one.
fn escape(rest: &str) -> Option<(Span<'_>, usize)> {
    let text = match rest.as_bytes().get(1)? {
        b'n' => "\n",
        b't' => "\t",
        b'r' => "\r",
        b's' => " ",
        b'\\' => "\\",
        b'\'' => "'",
        b'"' => "\"",
        b'$' => "$",
        b'\n' => "",
        _ => return None,
    };
    Some((Span::Escape { written: rest.get(..2)?, text }, 2))
}

/// `$name.part` or `${…}`.
fn value<'t>(rest: &'t str, scope: &Scope) -> Option<(Span<'t>, usize)> {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    let (inside, length) = if let Some(braced) = rest.strip_prefix("${") {
        let end = braced.find('}')?;
        (braced.get(..end)?.trim(), end + 3)
    } else {
        let behind = rest.get(1..)?;
        if !behind.starts_with(|char: char| char.is_alphabetic() || char == '_') {
            return None;
        }
        let mut length = behind.find(|char: char| !is_part(char)).unwrap_or(behind.len());
        while let Some(more) = behind.get(length..).and_then(|rest| rest.strip_prefix('.')) {
            let name = more.find(|char: char| !is_part(char)).unwrap_or(more.len());
            if name == 0 || more.starts_with(|char: char| char.is_ascii_digit()) {
                break;
            }
            length += 1 + name;
        }
        (behind.get(..length)?, length + 1)
    };
    let foreign = scope.variable(inside).map_or(Foreign::Computed, Foreign::Variable);
    Some((Span::Value { written: rest.get(..length)?, inside, foreign }, length))
}
