use super::{Word, joined, word};
use crate::source::TextRange;
use crate::syntax::dockerfile::lex::expand::expand;
use crate::syntax::dockerfile::{SyntaxKind, SyntaxNode};
use crate::syntax::view::View;

/// One pair of an `ARG`, `ENV` or `LABEL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Key, separator and value.
    pub range: TextRange,
    /// The key without quotes and escapes.
    pub key: String,
    /// The key as written.
    pub key_range: TextRange,
    /// The value; `None` for a bare name of an `ARG`.
    pub value: Option<Word>,
    /// Written `ENV key value`, where the value is the rest of the line.
    pub legacy: bool,
}

pub(super) fn read(node: &SyntaxNode, escape: char) -> Pair {
    let key = key(node);
    let key_range = key.host_start().map(|start| {
        let end = key.host_offset(crate::source::size(key.text().len())).unwrap_or(start);
        TextRange::new(start, end.max(start))
    });
    let value = node.children().find(|child| child.kind() == SyntaxKind::Word);
    let equals = node.children_with_tokens().any(|child| child.kind() == SyntaxKind::Equals);
    Pair {
        range: node.text_range(),
        key: expand(key.text(), escape).value,
        key_range: key_range.unwrap_or_else(|| TextRange::empty(node.text_range().start())),
        legacy: value.is_some() && !equals,
        value: value.map(|value| word::read(&value, escape)),
    }
}

fn key(node: &SyntaxNode) -> View {
    let tokens = node.children_with_tokens().filter_map(rowan::NodeOrToken::into_token);
    joined::view(tokens.filter(|token| token.kind() == SyntaxKind::Key || token.kind() == SyntaxKind::Comment))
}
