use super::joined;
use crate::source::{TextRange, range, size, slice};
use crate::syntax::dockerfile::SyntaxNode;
use crate::syntax::dockerfile::lex::expand::{Variable, expand};
use crate::syntax::dockerfile::lex::json::{self, Array};
use crate::syntax::dockerfile::logical::Span;
use crate::syntax::view::{Quoting, View};

/// A word that the builder itself reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word as written, quotes included.
    pub range: TextRange,
    /// The word without quotes and escapes. Variables stay as they are written.
    pub value: String,
    /// The variables that the builder replaces, in order; one inside an operand follows the one that holds it.
    pub variables: Vec<VariableRef>,
}

/// A `$name` or `${name…}` that the builder replaces (BuildKit: `frontend/dockerfile/shell/lex.go`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableRef {
    /// The name.
    pub name: String,
    /// From the `$` to the end of the name or to the closing brace.
    pub range: TextRange,
    /// The name alone.
    pub name_range: TextRange,
    /// `-`, `:-`, `+`, `:+`, `?`, `:?`, `#`, `##`, `%`, `%%`, `/` or `//`.
    pub operator: Option<String>,
    /// What stands behind the operator, as written; of `/` both pattern and replacement.
    pub operand: Option<String>,
}

/// A string of the JSON form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonString {
    /// The string with its quotes.
    pub range: TextRange,
    /// The string without quotes and escapes.
    pub value: String,
}

pub(super) fn read(node: &SyntaxNode, escape: char) -> Word {
    word(&joined::node(node), node.text_range(), escape)
}

/// The word that `view` is, as a whole.
fn word(view: &View, at: TextRange, escape: char) -> Word {
    let expansion = expand(view.text(), escape);
    let variables = expansion.variables.iter().filter_map(|variable| reference(view, variable)).collect();
    Word { range: at, value: expansion.value, variables }
}

fn reference(view: &View, variable: &Variable) -> Option<VariableRef> {
    let text = |span: Span| span.of(view.text()).to_owned();
    let host = |span: Span| view.host_range(range(span.start, span.end));
    Some(VariableRef {
        name: text(variable.name),
        range: host(variable.whole)?,
        name_range: host(variable.name)?,
        operator: variable.operator.map(text),
        operand: variable.operand.map(text),
    })
}

pub(super) fn json_strings(node: &SyntaxNode) -> Vec<JsonString> {
    let literals = json_literals(node);
    literals.into_iter().map(|(range, view)| JsonString { range, value: view.text().to_owned() }).collect()
}

pub(super) fn json_words(node: &SyntaxNode, escape: char) -> Vec<Word> {
    json_literals(node).into_iter().map(|(range, view)| word(&view, range, escape)).collect()
}

/// Each string of an array: where it stands with its quotes, and what it says.
fn json_literals(node: &SyntaxNode) -> Vec<(TextRange, View)> {
    let view = joined::node(node);
    let Array::Strings(literals) = json::scan(view.text(), Span::new(0, view.text().len())) else { return Vec::new() };
    literals.into_iter().filter_map(|literal| json_literal(&view, literal)).collect()
}

fn json_literal(view: &View, literal: Span) -> Option<(TextRange, View)> {
    let at = range(literal.start, literal.end);
    let decoded = json::decode(slice(view.text(), at));
    let pieces: Vec<_> = decoded
        .iter()
        .map(|(text, span)| (text.as_str(), range(literal.start + span.start, literal.start + span.end)))
        .collect();
    debug_assert!(pieces.iter().all(|(_, piece)| piece.end() <= size(literal.end)));
    let inner = view.nested(pieces, Quoting::Json)?;
    Some((view.host_range(at)?, inner))
}
