use super::{Flag, Heredoc, JsonString, Pair, RunScript, Word, flag, heredoc, joined, pair, script, word};
use crate::source::{LineIndex, TextRange, TextSize};
use crate::syntax::dockerfile::{Dockerfile, Keyword, SyntaxKind, SyntaxNode};
use crate::syntax::view::View;

/// One instruction. All ranges are bytes of the file's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instruction {
    syntax: SyntaxNode,
    escape: char,
}

impl Instruction {
    pub(in crate::syntax::dockerfile) fn cast(syntax: SyntaxNode, escape: char) -> Option<Self> {
        (syntax.kind() == SyntaxKind::Instruction).then_some(Self { syntax, escape })
    }

    /// Its node.
    #[must_use]
    pub fn syntax(&self) -> &SyntaxNode {
        &self.syntax
    }

    /// The file's escape token.
    #[must_use]
    pub fn escape(&self) -> char {
        self.escape
    }

    /// The file that it stands in.
    #[must_use]
    pub fn dockerfile(&self) -> Dockerfile {
        Dockerfile::new(self.syntax.tree_top())
    }

    /// Which instruction it is.
    #[must_use]
    pub fn keyword(&self) -> Option<Keyword> {
        let tokens = self.keyword_tokens().map(|token| token.text().to_owned());
        Keyword::parse(&tokens.collect::<String>())
    }

    /// From the first to the last letter of the keyword.
    #[must_use]
    pub fn keyword_range(&self) -> TextRange {
        let ranges = self.keyword_tokens().map(|token| token.text_range());
        ranges.reduce(TextRange::cover).unwrap_or_else(|| TextRange::empty(self.range().start()))
    }

    fn keyword_tokens(&self) -> impl Iterator<Item = super::super::SyntaxToken> {
        self.syntax
            .children_with_tokens()
            .filter_map(rowan::NodeOrToken::into_token)
            .filter(|token| token.kind() == SyntaxKind::Keyword)
    }

    /// The whole instruction with its indentation, its line break and its heredocs. Behind `ONBUILD` it begins with
    /// the keyword and ends with the last argument.
    #[must_use]
    pub fn range(&self) -> TextRange {
        self.syntax.text_range()
    }

    /// From the keyword to the last byte before the line break, without heredocs.
    #[must_use]
    pub fn text_range(&self) -> TextRange {
        let ends = self.syntax.children_with_tokens().find(|child| child.kind() == SyntaxKind::Newline);
        let end = ends.map_or_else(|| self.end_of_text(), |newline| newline.text_range().start());
        let start = self.keyword_range().start();
        TextRange::new(start, end.max(start))
    }

    /// The end of an instruction that no line break ends: at the end of the file, or behind `ONBUILD`.
    fn end_of_text(&self) -> TextSize {
        let last = joined::tokens(&self.syntax).filter(|token| !token.kind().is_dropped()).last();
        last.map_or_else(|| self.range().end(), |token| token.text_range().end())
    }

    /// The flags in front of the arguments.
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        self.nodes(SyntaxKind::Flag).map(|node| flag::read(&node, self.escape)).collect()
    }

    /// The words of an instruction that takes words: also `COPY`, `ADD` and `VOLUME` in JSON form. `USER`, `WORKDIR`,
    /// `STOPSIGNAL` and `MAINTAINER` have one, blanks and all; of `HEALTHCHECK` it is the type.
    #[must_use]
    pub fn words(&self) -> Vec<Word> {
        let listed = matches!(self.keyword(), Some(Keyword::Add | Keyword::Copy | Keyword::Volume));
        match self.json_node().filter(|_| listed) {
            Some(json) => word::json_words(&json, self.escape),
            None => self.nodes(SyntaxKind::Word).map(|node| word::read(&node, self.escape)).collect(),
        }
    }

    /// The pairs of an `ARG`, `ENV` or `LABEL`.
    #[must_use]
    pub fn pairs(&self) -> Vec<Pair> {
        self.nodes(SyntaxKind::Pair).map(|node| pair::read(&node, self.escape)).collect()
    }

    /// The strings of the JSON form; `None` where the instruction is not in JSON form.
    #[must_use]
    pub fn json(&self) -> Option<Vec<JsonString>> {
        self.json_node().map(|node| word::json_strings(&node))
    }

    /// The command of a `RUN`, `CMD`, `ENTRYPOINT` or `HEALTHCHECK CMD` in shell form, as the shell gets it, without
    /// heredoc bodies. `None` for the JSON form and for other instructions.
    #[must_use]
    pub fn shell(&self) -> Option<View> {
        script::shell(self)
    }

    /// What a `RUN` hands to whom. Of `CMD` and the like it tells the same; of other instructions an empty command.
    #[must_use]
    pub fn script(&self) -> RunScript {
        script::read(self)
    }

    /// The heredocs in the order of their bodies.
    #[must_use]
    pub fn heredocs(&self) -> Vec<Heredoc> {
        heredoc::read(self)
    }

    /// The instruction behind `ONBUILD`. Its heredocs are those of the `ONBUILD`.
    #[must_use]
    pub fn triggered(&self) -> Option<Self> {
        self.nodes(SyntaxKind::Instruction).find_map(|node| Self::cast(node, self.escape))
    }

    /// The instruction that stands in the file for itself: the `ONBUILD` of a triggered one, else the instruction.
    #[must_use]
    pub fn outermost(&self) -> Self {
        let outer = self.syntax.parent().and_then(|parent| Self::cast(parent, self.escape));
        outer.unwrap_or_else(|| self.clone())
    }

    /// The joined logical line, from the keyword on.
    pub(super) fn line(&self) -> View {
        joined::view(joined::tokens(&self.syntax).take_while(|token| token.kind() != SyntaxKind::Newline))
    }

    pub(super) fn json_node(&self) -> Option<SyntaxNode> {
        self.nodes(SyntaxKind::Json).next()
    }

    pub(super) fn nodes(&self, kind: SyntaxKind) -> impl Iterator<Item = SyntaxNode> {
        self.syntax.children().filter(move |node| node.kind() == kind)
    }
}

/// The one-based first and last line of a range that ends behind a line break or at the end of the file.
#[must_use]
pub fn lines(index: &LineIndex, range: TextRange) -> (u32, u32) {
    let last = range.end().checked_sub(TextSize::new(1)).unwrap_or(range.end()).max(range.start());
    (index.line(range.start()), index.line(last))
}
