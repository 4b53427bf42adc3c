use super::{Instruction, joined};
use crate::source::{TextRange, range};
use crate::syntax::dockerfile::lex::heredoc::{HeredocWord, heredocs};
use crate::syntax::dockerfile::{SyntaxKind, SyntaxNode};

/// A heredoc of a `RUN`, `COPY` or `ADD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The terminator.
    pub name: String,
    /// Whether its text is expanded: no part of the terminator is quoted.
    pub expand: bool,
    /// Written `<<-`: tabs at the beginning of a line are dropped.
    pub strip_tabs: bool,
    /// The word that announces it, such as `3<<-"EOF"`.
    pub word_range: TextRange,
    /// The lines of the body, line breaks included, without the terminator's line.
    pub body_range: TextRange,
    /// The terminator below the body, without leading tabs and line break.
    pub terminator_range: TextRange,
    /// The file descriptor before `<<`; zero without one, as for BuildKit.
    pub descriptor: u32,
}

pub(super) fn read(instruction: &Instruction) -> Vec<Heredoc> {
    let outer = instruction.outermost();
    let line = outer.line();
    let words = heredocs(line.text());
    let bodies = outer.nodes(SyntaxKind::Heredoc);
    words
        .into_iter()
        .zip(bodies)
        .filter_map(|(word, body)| {
            let word_range = line.host_range(range(word.span.start, word.span.end))?;
            heredoc(word, word_range, &body)
        })
        .collect()
}

fn heredoc(word: HeredocWord, word_range: TextRange, node: &SyntaxNode) -> Option<Heredoc> {
    let end = joined::tokens(node).find(|token| token.kind() == SyntaxKind::HeredocEnd)?;
    let line_start = usize::from(end.text_range().start());
    let content = end.text().trim_end_matches(['\r', '\n']);
    let tabs = if word.strip_tabs { content.len() - content.trim_start_matches('\t').len() } else { 0 };
    Some(Heredoc {
        name: word.name,
        expand: word.expand,
        strip_tabs: word.strip_tabs,
        word_range,
        body_range: TextRange::new(node.text_range().start(), end.text_range().start()),
        terminator_range: range(line_start + tabs, line_start + content.len()),
        descriptor: word.descriptor,
    })
}
