//! From text to tree: one pass over the lines, tokens straight into rowan's builder.

use rowan::{GreenNode, GreenNodeBuilder, NodeCache};

use super::command::{self, Arguments, Command};
use super::directives::{self, DirectiveLine, Header};
use super::lex::heredoc::{self, HeredocWord};
use super::logical::{self, LineKind, LogicalLine, Span, line_end, line_kind};
use super::writer::{TreeWriter, raw};
use super::{Keyword, Problem, ProblemKind, SyntaxKind, check};
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
        self.check_trigger(line, command);
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

    /// BuildKit keeps what stands behind `ONBUILD` unread; the build that it triggers will refuse it.
    fn check_trigger(&mut self, line: &LogicalLine<'_>, command: &Command) {
        let Arguments::Trigger(inner) = &command.arguments else { return };
        if inner.keyword.is_none() {
            let message = format!("'{}' behind ONBUILD is not an instruction", inner.word.of(&line.joined));
            let at = range(line.span.start, line.span.end);
            self.problems.push(Problem::new(at, ProblemKind::Warning, message));
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
