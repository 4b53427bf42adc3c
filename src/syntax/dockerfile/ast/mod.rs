//! The tree as a person speaks of it: directives, instructions, flags, words, pairs, heredocs.

mod flag;
mod heredoc;
mod instruction;
mod joined;
mod pair;
mod script;
mod word;

pub use flag::Flag;
pub use heredoc::Heredoc;
pub use instruction::{Instruction, lines};
pub use pair::Pair;
pub use script::RunScript;
pub use word::{JsonString, VariableRef, Word};

use super::directives::DirectiveKind;
use super::{SyntaxKind, SyntaxNode};
use crate::source::TextRange;

/// A whole Dockerfile.
#[derive(Debug, Clone)]
pub struct Dockerfile {
    syntax: SyntaxNode,
}

/// A parser directive that has an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Which one.
    pub kind: DirectiveKind,
    /// Its value, without the blanks around it.
    pub value: String,
    /// Where the value stands.
    pub value_range: TextRange,
    /// The whole line with its line break.
    pub range: TextRange,
}

impl Dockerfile {
    pub(super) fn new(syntax: SyntaxNode) -> Self {
        Self { syntax }
    }

    /// The node of the whole file.
    #[must_use]
    pub fn syntax(&self) -> &SyntaxNode {
        &self.syntax
    }

    /// The directives that have an effect, in the order of the file.
    #[must_use]
    pub fn directives(&self) -> Vec<Directive> {
        self.syntax
            .children()
            .take_while(|node| node.kind() == SyntaxKind::Directive)
            .filter_map(|node| Directive::cast(&node))
            .collect()
    }

    /// The escape token: a backslash, or a backtick where a directive says so.
    #[must_use]
    pub fn escape(&self) -> char {
        let chosen = self.directives().into_iter().find(|directive| directive.kind == DirectiveKind::Escape);
        chosen.and_then(|directive| directive.value.chars().next()).unwrap_or('\\')
    }

    /// The instructions in the order of the file, without the lines that BuildKit's parser refuses.
    #[must_use]
    pub fn instructions(&self) -> Vec<Instruction> {
        let escape = self.escape();
        self.syntax.children().filter_map(|node| Instruction::cast(node, escape)).collect()
    }
}

impl Directive {
    fn cast(node: &SyntaxNode) -> Option<Self> {
        let token = |kind| {
            node.children_with_tokens().filter_map(rowan::NodeOrToken::into_token).find(|token| token.kind() == kind)
        };
        let value = token(SyntaxKind::DirectiveValue)?;
        let kind = DirectiveKind::parse(token(SyntaxKind::DirectiveName)?.text())?;
        Some(Self { kind, value: value.text().to_owned(), value_range: value.text_range(), range: node.text_range() })
    }
}
