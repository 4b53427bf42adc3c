use super::tree::{Node, Style};
use crate::source::{TextRange, range, slice};
use crate::syntax::view::{Quoting, View};

/// The value of a scalar as a [`View`] into `text`, the file that holds it. `None` where `node` is no scalar, says
/// nothing, or is written in a way that can't be mapped back.
///
/// Line breaks and blanks at the end of a block scalar are not part of the view.
#[must_use]
pub fn view(text: &str, node: &Node) -> Option<View> {
    let scalar = node.as_scalar()?;
    let inner = || range(usize::from(node.range.start()) + 1, usize::from(node.range.end()).saturating_sub(1));
    let view = match scalar.style {
        Style::Missing => return None,
        Style::Plain => flow(text, node.range, Style::Plain)?,
        style @ (Style::Single | Style::Double) => flow(text, inner(), style)?,
        style @ (Style::Literal | Style::Folded) => block(text, node.range, style, &scalar.text)?,
    };
    // The library's reading is the authority: a view that says anything else must not be edited through.
    let same = match scalar.style {
        Style::Literal | Style::Folded => view.text().trim_end() == scalar.text.trim_end(),
        _ => view.text() == scalar.text,
    };
    same.then_some(view)
}

/// A line of a scalar: its content without the line break, and the line break.
struct Line {
    content: TextRange,
    ending: TextRange,
}

fn lines(text: &str, at: TextRange) -> Vec<Line> {
    let mut start = usize::from(at.start());
    let split = slice(text, at).split_inclusive('\n');
    split
        .map(|line| {
            let content = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            let result = Line {
                content: range(start, start + content.len()),
                ending: range(start + content.len(), start + line.len()),
            };
            start += line.len();
            result
        })
        .collect()
}

/// A block scalar: the header line, then lines that lose their indentation.
fn block(text: &str, at: TextRange, style: Style, value: &str) -> Option<View> {
    let lines = lines(text, at);
    let body = lines.get(1..)?;
    let first = body.iter().map(|line| slice(text, line.content)).find(|line| !line.trim().is_empty())?;
    let indentation = leading_blanks(first) - leading_blanks(value.lines().find(|line| !line.trim().is_empty())?);
    let mut view = View::new(Quoting::Indented(indentation));
    let mut breaks: Vec<TextRange> = Vec::new();
    let mut previous_spaced = None;
    for line in body {
        let content = slice(text, line.content);
        let stripped = content.get(leading_blanks(content).min(indentation)..)?;
        if stripped.is_empty() {
            breaks.push(line.ending);
            continue;
        }
        let spaced = stripped.starts_with([' ', '\t']);
        let folds = style == Style::Folded && previous_spaced == Some(false) && !spaced;
        push_breaks(&mut view, &breaks, folds);
        view.push(stripped, range(usize::from(line.content.end()) - stripped.len(), line.content.end().into()));
        previous_spaced = Some(spaced);
        breaks = vec![line.ending];
    }
    Some(view)
}

fn leading_blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// YAML folding: one line break is a blank, of several the first is dropped (YAML 1.2.2, section 6.5).
fn push_breaks(view: &mut View, breaks: &[TextRange], folds: bool) {
    match breaks {
        [only] if folds => view.push(" ", *only),
        [_, rest @ ..] if folds => rest.iter().for_each(|ending| view.push("\n", *ending)),
        all => all.iter().for_each(|ending| view.push("\n", *ending)),
    }
}

/// A plain or quoted scalar, `at` without its quotes.
fn flow(text: &str, at: TextRange, style: Style) -> Option<View> {
    let mut view = View::new(match style {
        Style::Plain => Quoting::YamlPlain,
        Style::Single => Quoting::YamlSingle,
        _ => Quoting::Json,
    });
    let lines = lines(text, at);
    let mut breaks: Vec<TextRange> = Vec::new();
    let mut continued = false;
    for (index, line) in lines.iter().enumerate() {
        let content = slice(text, line.content);
        let from_start = if index == 0 { content } else { content.trim_start_matches([' ', '\t']) };
        let start = usize::from(line.content.end()) - from_start.len();
        let is_last = index + 1 == lines.len();
        let trimmed = if is_last { from_start } else { from_start.trim_end_matches([' ', '\t']) };
        if trimmed.is_empty() && !is_last && index > 0 {
            breaks.push(line.ending);
            continue;
        }
        if index > 0 && !continued {
            push_breaks(&mut view, &breaks, true);
        }
        continued = style == Style::Double && trimmed.chars().rev().take_while(|char| *char == '\\').count() % 2 == 1;
        let written = if continued { trimmed.get(..trimmed.len() - 1)? } else { trimmed };
        push_unescaped(&mut view, written, start, style)?;
        breaks = vec![line.ending];
    }
    Some(view)
}

/// Adds one line of a plain or quoted scalar that begins at byte `start` of the file.
fn push_unescaped(view: &mut View, written: &str, start: usize, style: Style) -> Option<()> {
    let mut rest = written;
    while !rest.is_empty() {
        let at = start + written.len() - rest.len();
        let (decoded, length) = match style {
            Style::Single if rest.starts_with("''") => ("'".to_owned(), 2),
            Style::Double if rest.starts_with('\\') => escape(rest)?,
            _ => {
                let char = rest.chars().next()?;
                (char.to_string(), char.len_utf8())
            }
        };
        view.push(&decoded, range(at, at + length));
        rest = rest.get(length..)?;
    }
    Some(())
}

/// The character that an escape in double quotes stands for, and the escape's length in bytes.
fn escape(rest: &str) -> Option<(String, usize)> {
    let digits = |length: usize| {
        let code = u32::from_str_radix(rest.get(2..2 + length)?, 16).ok()?;
        Some((char::from_u32(code)?.to_string(), 2 + length))
    };
    let decoded = match rest.as_bytes().get(1)? {
        b'n' => "\n",
        b't' | b'\t' => "\t",
        b'r' => "\r",
        b'"' => "\"",
        b'\\' => "\\",
        b'/' => "/",
        b' ' => " ",
        b'0' => "\0",
        b'x' => return digits(2),
        b'u' => return digits(4),
        b'U' => return digits(8),
        _ => return None,
    };
    Some((decoded.to_owned(), 2))
}

#[cfg(test)]
mod tests {
    use super::super::{Cursor, read};
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let documents = read(text).expect("valid YAML");
        let node = Cursor::root(&documents[0]).get("a").expect("the key").node();
        view(text, node).map(|view| view.text().to_owned())
    }

    #[test]
    fn every_style_reads_as_yaml_reads_it() {
        assert_eq!(shown("a: |\n  x\n\n    y\n  z\n").as_deref(), Some("x\n\n  y\nz"));
        assert_eq!(shown("a: |\n  x \n      \n").as_deref(), Some("x"));
        assert_eq!(shown("a: |2\n    x\n").as_deref(), Some("  x"));
        assert_eq!(shown("a: >-\n  x\n  y\n\n  z\n   w\n").as_deref(), Some("x y\nz\n w"));
        assert_eq!(shown("a: x\n  y # c\n").as_deref(), Some("x y"));
        assert_eq!(shown("a: 'it''s\n\n  y'\n").as_deref(), Some("it's\ny"));
        assert_eq!(shown("a: \"x\\ny \\\n   z\\u0041\"\n").as_deref(), Some("x\ny zA"));
        assert_eq!(shown("a:\n").as_deref(), None);
    }

    #[test]
    fn a_carriage_return_belongs_to_the_line_break() {
        let text = "a: |\r\n  x\r\n  y\r\n";
        let documents = read(text).expect("valid YAML");
        let view = view(text, Cursor::root(&documents[0]).get("a").expect("the key").node()).expect("a view");
        assert_eq!(view.text(), "x\ny");
        assert_eq!(view.host_range(range(2, 3)).map(|at| slice(text, at)), Some("y"));
    }
}
