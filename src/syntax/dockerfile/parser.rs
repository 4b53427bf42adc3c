//! From text to tree: one pass over the lines, tokens straight into rowan's builder.

use rowan::{GreenNode, GreenNodeBuilder, Language as _, NodeCache};

use super::command::{self, Arguments, Command, PairSpans};
use super::directives::{self, DirectiveLine, Header};
use super::lex::heredoc::{self, HeredocWord};
use super::logical::{self, LineKind, LogicalLine, Span, line_end, line_kind};
use super::{Keyword, Language, Problem, ProblemKind, SyntaxKind, check};
use crate::source::range;

/// The longest physical line that BuildKit reads, without its line feed (`bufio.MaxScanTokenSize`).
const LONGEST_LINE: usize = 65_535;

/// Parses `text`.
pub(super) fn parse(text: &str, cache: &mut NodeCache) -> (GreenNode, Vec<Problem>) {
    let Header { escape, active, problems } = directives::detect(text);
    let builder = GreenNodeBuilder::with_cache(cache);
    let mut parser = Parser { text, escape, builder, problems, before_first_stage: true, any: false, at: 0 };
    parser.builder.start_node(raw(SyntaxKind::Dockerfile));
    parser.bom();
    while parser.at < text.len() {
        parser.line(&active);
    }
    if !parser.any {
        parser.reject(Span::new(0, 0), "the file has no instructions");
    }
    parser.builder.finish_node();
    (parser.builder.finish(), parser.problems)
}

fn raw(kind: SyntaxKind) -> rowan::SyntaxKind {
    Language::kind_to_raw(kind)
}

struct Parser<'t, 'c> {
    text: &'t str,
    escape: char,
    builder: GreenNodeBuilder<'c>,
    problems: Vec<Problem>,
    /// Only `ARG` may stand here.
    before_first_stage: bool,
    /// Whether there is any logical line.
    any: bool,
    at: usize,
}

impl Parser<'_, '_> {
    fn token(&mut self, kind: SyntaxKind, span: Span) {
        if !span.is_empty() {
            self.builder.token(raw(kind), span.of(self.text));
        }
    }

    fn reject(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::new(range(span.start, span.end), ProblemKind::Rejected, message));
    }

    fn bom(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
            self.token(SyntaxKind::Bom, Span::new(0, self.at));
        }
    }

    fn line(&mut self, active: &[DirectiveLine]) {
        let line = Span::new(self.at, line_end(self.text, self.at));
        match line_kind(line.of(self.text)) {
            LineKind::Blank => self.token(SyntaxKind::BlankLine, line),
            LineKind::Comment => {
                let found = active.iter().find(|found| usize::from(found.line.start()) == line.start);
                match found {
                    Some(found) => self.directive(line, found),
                    None => self.comment(line),
                }
            }
            LineKind::Text => return self.instruction(),
        }
        self.check_length(line);
        self.at = line.end;
    }

    fn comment(&mut self, line: Span) {
        self.token(SyntaxKind::Comment, line);
        let at = range(line.start, line.end);
        let known = self.problems.iter().any(|problem| problem.range == at);
        if !self.any && !known && directives::parse_line(self.text, at, true).is_some() {
            let message = "this parser directive has no effect where it stands";
            self.problems.push(Problem::new(at, ProblemKind::Warning, message));
        }
    }

    fn directive(&mut self, line: Span, found: &DirectiveLine) {
        let name = Span::new(found.name.start().into(), found.name.end().into());
        let value = Span::new(found.value.start().into(), found.value.end().into());
        let content = line.of(self.text).trim_end_matches(['\r', '\n']);
        let mark = line.start + content.find('#').unwrap_or(0);
        let end = line.start + content.len();
        self.builder.start_node(raw(SyntaxKind::Directive));
        self.token(SyntaxKind::Whitespace, Span::new(line.start, mark));
        self.token(SyntaxKind::DirectiveMark, Span::new(mark, name.start));
        self.token(SyntaxKind::DirectiveName, name);
        self.token(SyntaxKind::Equals, Span::new(name.end, value.start));
        self.token(SyntaxKind::DirectiveValue, value);
        self.token(SyntaxKind::Whitespace, Span::new(value.end, end));
        self.token(SyntaxKind::Newline, Span::new(end, line.end));
        self.builder.finish_node();
    }

    fn check_length(&mut self, span: Span) {
        if span.end - span.start > LONGEST_LINE && span.of(self.text).split('\n').any(|line| line.len() > LONGEST_LINE)
        {
            self.reject(span, "a line is longer than 65535 bytes");
        }
    }

    fn instruction(&mut self) {
        self.any = true;
        let line = logical::read(self.text, self.at, self.escape);
        self.at = line.span.end;
        self.check_length(line.span);
        if let Some(blank) = line.blank {
            let message = "this blank line stands inside an instruction";
            self.problems.push(Problem::new(range(blank.start, blank.end), ProblemKind::Warning, message));
        }
        let joined: &str = &line.joined;
        match command::read(joined, Span::new(0, joined.len()), self.escape) {
            Ok(command) if command.keyword.is_some() => self.command(&line, &command),
            Ok(command) => {
                self.reject(line.span, format!("'{}' is not an instruction", command.word.of(joined)));
                self.error(&line, line.span.end);
            }
            Err(message) => {
                self.reject(line.span, message);
                self.error(&line, line.span.end);
            }
        }
    }

    fn command(&mut self, line: &LogicalLine<'_>, command: &Command) {
        let joined: &str = &line.joined;
        let words = if takes_heredocs(command) { heredoc::heredocs(joined) } else { Vec::new() };
        let Some(bodies) = self.heredoc_bodies(&words) else {
            self.reject(line.span, "a heredoc is not terminated");
            self.at = self.text.len();
            return self.error(line, self.text.len());
        };
        if let Err(message) = check::check(joined, command, self.escape) {
            self.reject(line.span, message);
        }
        self.check_stage(line, command);
        let mut tree = TreeWriter::new(&mut self.builder, self.text, line);
        tree.start(SyntaxKind::Instruction);
        tree.indentation();
        tree.command(command);
        tree.finish_line();
        for (body, terminator) in &bodies {
            self.builder.start_node(raw(SyntaxKind::Heredoc));
            self.token(SyntaxKind::HeredocText, *body);
            self.token(SyntaxKind::HeredocEnd, *terminator);
            self.builder.finish_node();
            self.check_length(*body);
            self.at = terminator.end;
        }
        self.builder.finish_node();
    }

    /// `instructions.Parse`: before the first stage only `ARG` may stand.
    fn check_stage(&mut self, line: &LogicalLine<'_>, command: &Command) {
        match command.keyword {
            Some(Keyword::From) => self.before_first_stage = false,
            Some(keyword) if self.before_first_stage && keyword != Keyword::Arg => {
                self.reject(line.span, format!("{keyword} stands before the first FROM"));
            }
            _ => {}
        }
    }

    /// The body and the terminator line of each heredoc; `None` where one is not terminated.
    fn heredoc_bodies(&self, words: &[HeredocWord]) -> Option<Vec<(Span, Span)>> {
        let mut at = self.at;
        let mut bodies = Vec::new();
        for word in words {
            let start = at;
            loop {
                let line = Span::new(at, line_end(self.text, at));
                if line.is_empty() {
                    return None;
                }
                at = line.end;
                let content = line.of(self.text).trim_end_matches(['\r', '\n']);
                let content = if word.strip_tabs { content.trim_start_matches('\t') } else { content };
                if content == word.name {
                    bodies.push((Span::new(start, line.start), line));
                    break;
                }
            }
        }
        Some(bodies)
    }

    fn error(&mut self, line: &LogicalLine<'_>, end: usize) {
        let mut tree = TreeWriter::new(&mut self.builder, self.text, line);
        tree.start(SyntaxKind::Error);
        tree.indentation();
        tree.token(SyntaxKind::ErrorText, line.joined.len());
        tree.finish_line();
        self.token(SyntaxKind::ErrorText, Span::new(line.span.end, end));
        self.builder.finish_node();
    }
}

/// `canContainHeredoc`: `RUN`, `COPY` and `ADD` in shell form, also behind `ONBUILD`.
fn takes_heredocs(command: &Command) -> bool {
    match (&command.arguments, command.keyword) {
        (Arguments::Trigger(inner), _) => {
            matches!(inner.keyword, Some(Keyword::Run | Keyword::Copy | Keyword::Add))
                && !matches!(inner.arguments, Arguments::Json(_))
        }
        (Arguments::Json(_), _) => false,
        (_, keyword) => matches!(keyword, Some(Keyword::Run | Keyword::Copy | Keyword::Add)),
    }
}

/// Writes a joined line into the tree, with what BuildKit dropped put back between its pieces.
struct TreeWriter<'b, 'c, 't, 'l> {
    builder: &'b mut GreenNodeBuilder<'c>,
    text: &'t str,
    line: &'l LogicalLine<'t>,
    piece: usize,
    joined: usize,
}

impl<'b, 'c, 't, 'l> TreeWriter<'b, 'c, 't, 'l> {
    fn new(builder: &'b mut GreenNodeBuilder<'c>, text: &'t str, line: &'l LogicalLine<'t>) -> Self {
        Self { builder, text, line, piece: 0, joined: 0 }
    }

    fn host_token(&mut self, kind: SyntaxKind, span: Span) {
        if !span.is_empty() {
            self.builder.token(raw(kind), span.of(self.text));
        }
    }

    fn indentation(&mut self) {
        let first = self.line.pieces.first().map_or(self.line.span.start, |piece| piece.host.start);
        self.host_token(SyntaxKind::Whitespace, Span::new(self.line.span.start, first));
    }

    /// Opens a node that begins with the next byte of the joined text.
    fn start(&mut self, kind: SyntaxKind) {
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
    fn token(&mut self, kind: SyntaxKind, end: usize) {
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

    fn command(&mut self, command: &Command) {
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
    fn finish_line(&mut self) {
        self.blanks(self.line.joined.len());
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
