//! Writes a logical line into the tree: what BuildKit joined, with what it dropped put back between the pieces.

use rowan::{GreenNodeBuilder, Language as _};

use super::command::{Arguments, Command, PairSpans};
use super::logical::{LineKind, LogicalLine, Span, line_end, line_kind};
use super::{Language, SyntaxKind};

pub(super) fn raw(kind: SyntaxKind) -> rowan::SyntaxKind {
    Language::kind_to_raw(kind)
}

/// Writes a joined line into the tree, with what BuildKit dropped put back between its pieces.
pub(super) struct TreeWriter<'b, 'c, 't, 'l> {
    builder: &'b mut GreenNodeBuilder<'c>,
    text: &'t str,
    line: &'l LogicalLine<'t>,
    piece: usize,
    joined: usize,
}

impl<'b, 'c, 't, 'l> TreeWriter<'b, 'c, 't, 'l> {
    pub(super) fn new(builder: &'b mut GreenNodeBuilder<'c>, text: &'t str, line: &'l LogicalLine<'t>) -> Self {
        Self { builder, text, line, piece: 0, joined: 0 }
    }

    fn host_token(&mut self, kind: SyntaxKind, span: Span) {
        if !span.is_empty() {
            self.builder.token(raw(kind), span.of(self.text));
        }
    }

    pub(super) fn indentation(&mut self) {
        let first = self.line.pieces.first().map_or(self.line.span.start, |piece| piece.host.start);
        self.host_token(SyntaxKind::Whitespace, Span::new(self.line.span.start, first));
    }

    /// Opens a node that begins with the next byte of the joined text.
    pub(super) fn start(&mut self, kind: SyntaxKind) {
        if self.joined > 0 {
            self.cross_seams();
        }
        self.builder.start_node(raw(kind));
    }

    fn finish(&mut self) {
        self.builder.finish_node();
    }

    /// Where the piece at hand has been written whole, writes what lies before the next one.
    fn cross_seams(&mut self) {
        while let (Some(piece), Some(next)) = (self.line.pieces.get(self.piece), self.line.pieces.get(self.piece + 1)) {
            if self.joined < piece.joined_end {
                return;
            }
            self.dropped(Span::new(piece.host.end, next.host.start));
            self.piece += 1;
        }
    }

    /// A continuation and the comment and blank lines behind it.
    fn dropped(&mut self, span: Span) {
        let end = line_end(self.text, span.start).min(span.end);
        self.host_token(SyntaxKind::Continuation, Span::new(span.start, end));
        let mut at = end;
        while at < span.end {
            let line = Span::new(at, line_end(self.text, at));
            let kind = match line_kind(line.of(self.text)) {
                LineKind::Comment => SyntaxKind::Comment,
                _ => SyntaxKind::BlankLine,
            };
            self.host_token(kind, line);
            at = line.end;
        }
    }

    /// Writes the joined text up to `end` as `kind`.
    pub(super) fn token(&mut self, kind: SyntaxKind, end: usize) {
        while self.joined < end {
            self.cross_seams();
            let Some(piece) = self.line.pieces.get(self.piece) else { return };
            let until = end.min(piece.joined_end);
            let host = piece.host.end - (piece.joined_end - self.joined);
            self.host_token(kind, Span::new(host, host + (until - self.joined)));
            self.joined = until;
        }
    }

    fn blanks(&mut self, end: usize) {
        self.token(SyntaxKind::Whitespace, end);
    }

    fn node(&mut self, node: SyntaxKind, token: SyntaxKind, span: Span) {
        self.blanks(span.start);
        self.start(node);
        self.token(token, span.end);
        self.finish();
    }

    pub(super) fn command(&mut self, command: &Command) {
        self.blanks(command.word.start);
        self.token(SyntaxKind::Keyword, command.word.end);
        for flag in &command.flags {
            self.node(SyntaxKind::Flag, SyntaxKind::FlagText, *flag);
        }
        if let Some(end) = command.flags_end {
            self.blanks(end.start);
            self.token(SyntaxKind::FlagEnd, end.end);
        }
        self.arguments(&command.arguments, command.rest);
    }

    fn arguments(&mut self, arguments: &Arguments, rest: Span) {
        match arguments {
            Arguments::None => {}
            Arguments::Unread => {
                self.blanks(rest.start);
                self.token(SyntaxKind::ErrorText, rest.end);
            }
            Arguments::Words(words) => {
                words.iter().for_each(|word| self.node(SyntaxKind::Word, SyntaxKind::WordText, *word));
            }
            Arguments::Shell(span) => self.node(SyntaxKind::Shell, SyntaxKind::ShellText, *span),
            Arguments::Json(strings) => self.json(strings, rest),
            Arguments::Pairs(pairs) => pairs.iter().for_each(|pair| self.pair(*pair)),
            Arguments::Health(kind, command) => {
                self.node(SyntaxKind::Word, SyntaxKind::WordText, *kind);
                self.arguments(command, rest);
            }
            Arguments::Trigger(inner) => {
                self.blanks(inner.word.start);
                let kind = if inner.keyword.is_some() { SyntaxKind::Instruction } else { SyntaxKind::Error };
                self.start(kind);
                self.command(inner);
                self.finish();
            }
        }
    }

    fn pair(&mut self, pair: PairSpans) {
        self.blanks(pair.key.start);
        self.start(SyntaxKind::Pair);
        self.token(SyntaxKind::Key, pair.key.end);
        if let Some(value) = pair.value {
            self.token(if pair.legacy { SyntaxKind::Whitespace } else { SyntaxKind::Equals }, value.start);
            if value.is_empty() {
                // An empty value ends where its separator ends, not behind the continuation that may follow.
                self.builder.start_node(raw(SyntaxKind::Word));
            } else {
                self.start(SyntaxKind::Word);
                self.token(SyntaxKind::WordText, value.end);
            }
            self.finish();
        }
        self.finish();
    }

    fn json(&mut self, strings: &[Span], rest: Span) {
        let text: &str = &self.line.joined;
        let open = text.get(self.joined..).and_then(|rest| rest.find('[')).map_or(rest.start, |at| self.joined + at);
        self.blanks(open);
        self.start(SyntaxKind::Json);
        for string in strings {
            self.json_punctuation(string.start);
            self.token(SyntaxKind::JsonString, string.end);
        }
        self.json_punctuation(rest.end);
        self.finish();
    }

    fn json_punctuation(&mut self, end: usize) {
        let text: &str = &self.line.joined;
        while self.joined < end {
            let rest = text.get(self.joined..end).unwrap_or("");
            let blanks = rest.len() - rest.trim_start().len();
            self.blanks(self.joined + blanks);
            self.token(SyntaxKind::JsonPunctuation, (self.joined + 1).min(end));
        }
    }

    /// Writes what is left of the logical line, its line break included.
    pub(super) fn finish_line(&mut self) {
        let text: &str = &self.line.joined;
        let rest = text.get(self.joined..).unwrap_or("");
        let content_end = self.joined + rest.trim_end().len();
        self.blanks(text.len() - rest.trim_start().len());
        self.token(SyntaxKind::LoneEscape, content_end);
        self.blanks(text.len());
        self.cross_seams();
        let host = self.line.pieces.last().map_or(self.line.span.start, |piece| piece.host.end);
        let rest = Span::new(host, self.line.span.end);
        if rest.of(self.text).starts_with(['\r', '\n']) {
            self.host_token(SyntaxKind::Newline, rest);
        } else {
            self.dropped(rest);
        }
    }
}
