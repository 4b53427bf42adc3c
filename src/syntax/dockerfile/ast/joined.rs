//! The joined text of a stretch of the tree, with its way back to the file.

use crate::source::range;
use crate::syntax::dockerfile::{SyntaxKind, SyntaxNode, SyntaxToken};
use crate::syntax::view::{Quoting, View};

/// The tokens below `node`, in order.
pub(super) fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens().filter_map(rowan::NodeOrToken::into_token)
}

/// The text of `tokens` as BuildKit joins it: continuations, comment and blank lines are gone.
pub(super) fn view(tokens: impl Iterator<Item = SyntaxToken>) -> View {
    let mut view = View::new(Quoting::Line);
    for token in tokens {
        match token.kind() {
            SyntaxKind::Comment => {
                let start = usize::from(token.text_range().start());
                let content = token.text().trim_end_matches(['\r', '\n']);
                view.push_comment(range(start, start + content.len()));
            }
            kind if kind.is_dropped() => {}
            _ => view.push(token.text(), token.text_range()),
        }
    }
    view
}

/// The joined text of one node.
pub(super) fn node(node: &SyntaxNode) -> View {
    view(tokens(node))
}
