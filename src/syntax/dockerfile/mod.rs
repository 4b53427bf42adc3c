//! Dockerfiles as lossless trees, read with BuildKit's grammar.
//!
//! # The shape of the tree
//!
//! ```text
//! Dockerfile
//!   Bom                             at the very beginning only
//!   Directive                       `# syntax=…`, `# escape=…`, `# check=…` where they have an effect
//!   Comment, BlankLine              one token a line, with its line break
//!   Instruction                     one logical line, from its indentation to its last heredoc's terminator
//!     Keyword
//!     Flag*                         FlagText: quotes and escapes as written
//!     Word* | Pair* | Json | Shell | Instruction (behind ONBUILD)
//!     Newline
//!     Heredoc*                      HeredocText, HeredocEnd
//!   Error                           a logical line that BuildKit's parser refuses; the next line is read as usual
//! ```
//!
//! Between any two bytes of a logical line there may be a `Continuation`, followed by `Comment` and `BlankLine` tokens:
//! BuildKit joins continued lines before it looks at them, so a keyword, a flag or a JSON string can be broken in two.
//! A node then has several tokens of one kind; its text is what they say without the dropped tokens between them.
//!
//! The tree stops at words. Quotes, escapes and variables are looked up where somebody asks for them ([`Word`]): most
//! files are parsed and never asked about most of their words, and the tokens are what a tree costs.
//!
//! Every byte of the text is in the tree, whatever the text is. What BuildKit refuses is told by [`Parse::problems`].

mod ast;
mod check;
mod command;
mod directives;
pub mod edit;
mod kind;
mod lex;
mod logical;
mod mount;
mod parser;
mod writer;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;

use rowan::{GreenNode, NodeCache};

pub use ast::{
    Directive, Dockerfile, Flag, Heredoc, Instruction, JsonString, Pair, RunScript, VariableRef, Word, lines,
};
pub use directives::DirectiveKind;
pub use kind::{Keyword, Language, SyntaxKind, SyntaxNode, SyntaxToken};
pub use mount::{Mount, MountOption};

use crate::source::TextRange;

/// Parses `text`. Never fails: see [`Parse::problems`].
#[must_use]
pub fn parse(text: &str) -> Parse {
    parse_with_cache(text, &mut NodeCache::default())
}

/// Whether expansions nest so deeply in `text` (`${A:-${B:-…}}`, over 64 levels) that they are read as plain text. Nothing may be
/// concluded from such a file.
#[must_use]
pub fn is_too_deep(text: &str) -> bool {
    lex::expand::is_too_deep(text)
}

/// Parses `text` with a cache that many files share: equal tokens of all of them are kept once. It saves memory where
/// many trees are kept, hardly time, because the tokens are coarse.
#[must_use]
pub fn parse_with_cache(text: &str, cache: &mut NodeCache) -> Parse {
    let (green, problems) = parser::parse(text, cache);
    Parse { green, problems }
}

/// A parsed Dockerfile that can be kept and sent to other threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parse {
    green: GreenNode,
    problems: Vec<Problem>,
}

impl Parse {
    /// The tree.
    #[must_use]
    pub fn green(&self) -> &GreenNode {
        &self.green
    }

    /// The tree as a Dockerfile.
    #[must_use]
    pub fn root(&self) -> Dockerfile {
        Dockerfile::new(SyntaxNode::new_root(self.green.clone()))
    }

    /// What BuildKit refuses or warns about, in the order in which it was found.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// Something about a text that BuildKit does not like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The lines concerned, in bytes of the text; empty for the whole file.
    pub range: TextRange,
    /// How bad it is.
    pub kind: ProblemKind,
    /// One sentence, without a full stop.
    pub message: String,
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// BuildKit refuses the file.
    Rejected,
    /// BuildKit reads the file, but perhaps not as its author meant it.
    Warning,
}

impl Problem {
    fn new(range: TextRange, kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { range, kind, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
