//! GitHub's `${{ … }}` in texts.

use crate::callers::{ArgumentValue, SecretValue};

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Text that stays as it is.
    Text(&'t str),
    /// What stands between `${{` and `}}`, without the blanks around it.
    Expression(&'t str),
}

/// The pieces of `text`. An expression that is never closed is text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    spans(text).into_iter().map(|(piece, _)| piece).collect()
}

/// The pieces of `text`, each with all of its text: put together, these are `text` again.
pub(super) fn spans(text: &str) -> Vec<(Piece<'_>, &str)> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${{") {
        let Some(end) = closing(behind) else { break };
        if !before.is_empty() {
            spans.push((Piece::Text(before), before));
        }
        let (written, behind) = rest.split_at(before.len() + "${{".len() + end + "}}".len());
        let inside = written.get(before.len() + "${{".len()..written.len() - "}}".len()).unwrap_or("");
        spans.push((Piece::Expression(inside.trim()), written.get(before.len()..).unwrap_or("")));
        rest = behind;
    }
    if !rest.is_empty() {
        spans.push((Piece::Text(rest), rest));
    }
    spans
}

/// Where `}}` stands outside of a string literal.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.bytes().enumerate().find_map(|(at, byte)| {
        quoted ^= byte == b'\'';
        (!quoted && text.get(at..).is_some_and(|rest| rest.starts_with("}}"))).then_some(at)
    })
}

/// Where a value comes from. Only a plain reference, such as `secrets.TOKEN`, is an
/// [`Expression`](ArgumentValue::Expression); one with operators or functions is put together.
pub(super) fn classify(text: &str) -> ArgumentValue {
    match pieces(text).as_slice() {
        [] => ArgumentValue::Empty,
        [Piece::Text(text)] => ArgumentValue::Literal(SecretValue::new(*text)),
        [Piece::Expression(expression)] if is_reference(expression) => {
            ArgumentValue::Expression((*expression).to_owned())
        }
        _ => ArgumentValue::Composite,
    }
}

fn is_reference(expression: &str) -> bool {
    let name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '[' | ']' | '\'' | '"');
    expression.starts_with(|char: char| char.is_ascii_alphabetic()) && expression.chars().all(name)
}

/// `text` with every expression replaced by its `value`; `None` where one is not known.
pub(super) fn substitute(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let replaced = pieces(text).into_iter().map(|piece| match piece {
        Piece::Text(text) => Some(text.to_owned()),
        Piece::Expression(expression) => value(expression),
    });
    replaced.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_told_from_everything_else() {
        assert_eq!(classify("${{ secrets.T }}"), ArgumentValue::Expression("secrets.T".to_owned()));
        assert_eq!(classify("${{secrets['T']}}"), ArgumentValue::Expression("secrets['T']".to_owned()));
        assert_eq!(classify("${{ secrets.T || 'x' }}"), ArgumentValue::Composite);
        assert_eq!(classify("a${{ secrets.T }}"), ArgumentValue::Composite);
        assert_eq!(classify("$T"), ArgumentValue::Literal(SecretValue::new("$T")));
        assert_eq!(classify(""), ArgumentValue::Empty);
    }

    #[test]
    fn braces_in_a_string_do_not_end_an_expression() {
        assert_eq!(pieces("${{ format('}}') }}x"), [Piece::Expression("format('}}')"), Piece::Text("x")]);
        assert_eq!(pieces("${{ a"), [Piece::Text("${{ a")]);
    }
}
