//! Compose's `$` in values (compose-spec `12-interpolation.md`, compose-go `template/template.go`).

use crate::callers::{ArgumentValue, SecretValue};

/// A piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Text, with `$$` already halved.
    Text(String),
    /// `$NAME`, `${NAME}`, `${NAME:-operand}`.
    Variable {
        /// The variable's name.
        name: &'t str,
        /// `:-`, `-`, `:?`, `?`, `:+` or `+`; empty where there is none.
        operator: &'t str,
        /// What stands behind the operator, as written.
        operand: &'t str,
    },
}

/// The pieces of `text`; `None` where Compose would report an invalid interpolation.
pub(super) fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        push_text(&mut pieces, rest.get(..at)?);
        let behind = rest.get(at + 1..)?;
        if let Some(escaped) = behind.strip_prefix('$') {
            push_text(&mut pieces, "$");
            rest = escaped;
        } else if let Some(braced) = behind.strip_prefix('{') {
            let end = closing_brace(braced)?;
            pieces.push(variable(braced.get(..end)?)?);
            rest = braced.get(end + 1..)?;
        } else {
            let length = name_length(behind);
            let name = behind.get(..length).filter(|name| !name.is_empty())?;
            pieces.push(Piece::Variable { name, operator: "", operand: "" });
            rest = behind.get(length..)?;
        }
    }
    push_text(&mut pieces, rest);
    Some(pieces)
}

fn push_text(pieces: &mut Vec<Piece<'_>>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// The `}` that ends an expansion, past those of expansions in its operand.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    let starts = text.starts_with(|char: char| char == '_' || char.is_ascii_alphabetic());
    if starts { text.bytes().take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric()).count() } else { 0 }
}

fn variable(inside: &str) -> Option<Piece<'_>> {
    let (name, rest) = inside.split_at(name_length(inside));
    let operator = [":-", ":?", ":+", "-", "?", "+"].into_iter().find(|operator| rest.starts_with(operator));
    match operator {
        _ if name.is_empty() => None,
        Some(operator) => Some(Piece::Variable { name, operator, operand: rest.get(operator.len()..)? }),
        None => rest.is_empty().then_some(Piece::Variable { name, operator: "", operand: "" }),
    }
}

/// Where the value of a build argument comes from.
///
/// `${V:-}` and `${V:?message}` are the variable `V`: the first only silences a warning, the second is a guard.
pub(super) fn classify(text: &str) -> ArgumentValue {
    let Some(pieces) = pieces(text) else { return ArgumentValue::Composite };
    match pieces.as_slice() {
        [] => ArgumentValue::Empty,
        [Piece::Text(text)] => ArgumentValue::Literal(SecretValue::new(text.as_str())),
        [Piece::Variable { name, operator, operand }] => match *operator {
            "" | ":?" | "?" => ArgumentValue::Variable((*name).to_owned()),
            ":-" | "-" if operand.is_empty() => ArgumentValue::Variable((*name).to_owned()),
            _ => ArgumentValue::Composite,
        },
        _ => ArgumentValue::Composite,
    }
}

/// The variable of a text that is one with a default, and nothing else.
pub(super) fn with_default(text: &str) -> Option<&str> {
    match pieces(text)?.as_slice() {
        [Piece::Variable { name, operator: ":-" | "-", .. }] => Some(name),
        _ => None,
    }
}

/// Whether Compose stops when the variable of `text` is not set.
pub(super) fn is_guarded(text: &str) -> bool {
    let guarded = |piece: &Piece<'_>| matches!(piece, Piece::Variable { operator: ":?" | "?", .. });
    pieces(text).is_some_and(|pieces| pieces.iter().any(guarded))
}

/// `text` with every variable replaced by what `value` knows of it, else by its default; `None` where one stays open.
pub(super) fn expand(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let pieces = pieces(text)?;
    let expanded = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Variable { name, operator, operand } => value(name).or_else(|| match operator {
            ":-" | "-" => expand(operand, value),
            _ => None,
        }),
    });
    expanded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_variable_is_told_from_text_and_mixtures() {
        let variable = || ArgumentValue::Variable("V".to_owned());
        assert_eq!(classify("$V"), variable());
        assert_eq!(classify("${V}"), variable());
        assert_eq!(classify("${V:-}"), variable());
        assert_eq!(classify("${V:?no V}"), variable());
        assert_eq!(classify("${V:-x}"), ArgumentValue::Composite);
        assert_eq!(classify("a${V}"), ArgumentValue::Composite);
        assert_eq!(classify("$$V"), ArgumentValue::Literal(SecretValue::new("$V")));
        assert_eq!(classify(""), ArgumentValue::Empty);
        assert_eq!(classify("${V"), ArgumentValue::Composite);
    }

    #[test]
    fn defaults_fill_what_is_not_known() {
        let known = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(expand("${A}/${B:-${A}x}", &known).as_deref(), Some("1/1x"));
        assert_eq!(expand("$B", &known), None);
    }
}
