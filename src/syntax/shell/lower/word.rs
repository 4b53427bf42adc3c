use shuck_ast::{Pattern, PatternPart, StmtSeq, Word as ParsedWord, WordPart, WordPartNode};
use shuck_parser::parser::Parser;

use super::decode::{double_quoted, mask_continuations, unquoted};
use super::library::{restored, stand_in};
use super::verify::tiles;
use super::{Lowering, statement};
use crate::source::{TextRange, TextSize};
use crate::syntax::shell::{Part, PartKind, Quote, Script, Word};

impl Lowering<'_> {
    pub(super) fn word(&mut self, parsed: &ParsedWord) -> Word {
        let mut word = self.quoted_word(parsed, Quote::None);
        // `--flag\⏎  next`: what continues the line is between the words, and not the end of the first.
        while self.slice(word.range).strip_suffix("\\\n").is_some_and(|rest| !rest.is_empty()) {
            word.range = TextRange::new(word.range.start(), word.range.end() - TextSize::of("\\\n"));
            word.parts.retain(|part| part.range.start() < word.range.end());
            if let Some(last) = word.parts.last_mut() {
                last.range = last.range.intersect(word.range).unwrap_or(last.range);
            }
        }
        word
    }

    /// A word in a place with quoting of its own, such as an operand inside double quotes.
    pub(super) fn quoted_word(&mut self, parsed: &ParsedWord, quote: Quote) -> Word {
        let before = self.clean;
        let at = self.range(parsed.span);
        let continued = self.slice(at).contains("\\\n");
        let word = self.word_as_parsed(parsed, at, quote);
        let sound = self.clean == before && (quote != Quote::None || tiles(self.text, &word));
        if sound && (!continued || self.again) {
            return word;
        }
        if let Some(word) = self.word_again(at, quote) {
            self.clean = before;
            return word;
        }
        self.doubt();
        word
    }

    fn word_as_parsed(&mut self, parsed: &ParsedWord, at: TextRange, quote: Quote) -> Word {
        let mut parts = Vec::with_capacity(parsed.parts.len());
        self.parts(&parsed.parts, quote, &mut parts);
        let braces = parsed.brace_syntax.iter().filter(|brace| brace.expands()).map(|brace| brace.span);
        let braces: Vec<TextRange> = braces.map(|span| self.range(span)).collect();
        Word { range: at, parts: super::expansion::split_patterns(parts, &braces, self.text) }
    }

    /// Parses a word on its own with its continuations masked. Text in which a `\⏎` may belong to a comment or to a
    /// quoted heredoc can't be masked.
    fn word_again(&mut self, at: TextRange, quote: Quote) -> Option<Word> {
        let text = self.slice(at);
        let unclear = text.contains("\\\n") && (text.contains("<<") || text.contains(" #"));
        if self.again || quote != Quote::None || unclear || text.is_empty() {
            return None;
        }
        let parsed = Parser::parse_word_string(&stand_in(&mask_continuations(text)));
        let mut inner =
            Lowering { text: self.text, base: at.start().into(), clean: true, again: true, tabs: self.tabs };
        let word = inner.word_as_parsed(&parsed, at, quote);
        (inner.clean && tiles(self.text, &word)).then_some(word)
    }

    /// The parts of a word, quotes opened.
    pub(super) fn parts(&mut self, nodes: &[WordPartNode], quote: Quote, parts: &mut Vec<Part>) {
        for node in nodes {
            let at = self.range(node.span);
            match &node.kind {
                WordPart::DoubleQuoted { parts: inner, .. } => self.double_quoted(inner, at, parts),
                WordPart::SingleQuoted { value, dollar } => parts.push(self.single_quoted(value, *dollar, at)),
                other => {
                    let kind = self.part(other, at, quote);
                    parts.push(Part { range: at, quote, kind });
                }
            }
        }
    }

    fn double_quoted(&mut self, inner: &[WordPartNode], at: TextRange, parts: &mut Vec<Part>) {
        if !inner.is_empty() {
            return self.parts(inner, Quote::Double, parts);
        }
        let end = usize::from(at.end()).saturating_sub(1).max(at.start().into());
        let place = self.checked(end, end);
        parts.push(Part { range: place, quote: Quote::Double, kind: PartKind::Text(String::new()) });
    }

    fn single_quoted(&mut self, value: &shuck_ast::SourceText, dollar: bool, at: TextRange) -> Part {
        let open = if dollar { 2 } else { 1 };
        let (start, end) = (usize::from(at.start()) + open, usize::from(at.end()).saturating_sub(1));
        let content = self.checked(start, end);
        let quote = if dollar { Quote::Ansi } else { Quote::Single };
        let written = self.slice(content);
        let as_written = !dollar || value.is_source_backed();
        let text = if as_written { Some(written.to_owned()) } else { restored(value.slice(self.text), written) };
        let text = text.unwrap_or_else(|| {
            self.doubt();
            written.to_owned()
        });
        Part { range: content, quote, kind: PartKind::Text(text) }
    }

    fn part(&mut self, part: &WordPart, at: TextRange, quote: Quote) -> PartKind {
        match part {
            WordPart::Literal(_) => PartKind::Text(self.decode(at, quote)),
            WordPart::Variable(name) => self.variable(name, at),
            WordPart::CommandSubstitution { body, .. } => self.substitution(body),
            WordPart::ProcessSubstitution { body, .. } => PartKind::Process(self.script(body)),
            WordPart::ArithmeticExpansion { expression, expression_ast, expression_word_ast, .. } => {
                self.arithmetic(expression.span(), expression_ast.as_deref(), Some(expression_word_ast))
            }
            WordPart::Parameter(parameter) => self.parameter(parameter, at, quote),
            other => self.expansion(other, at, quote),
        }
    }

    pub(super) fn decode(&self, at: TextRange, quote: Quote) -> String {
        match quote {
            Quote::None => unquoted(self.slice(at)),
            Quote::Double => double_quoted(self.slice(at)),
            Quote::Single | Quote::Ansi => self.slice(at).to_owned(),
        }
    }

    pub(super) fn substitution(&mut self, body: &StmtSeq) -> PartKind {
        PartKind::Command(self.script(body))
    }

    /// The commands of a substitution. They share the fate of the whole script: doubt about one is doubt about all.
    fn script(&mut self, body: &StmtSeq) -> Script {
        let before = std::mem::replace(&mut self.clean, true);
        let items = self.sequence(body);
        let clean = self.clean;
        self.clean = before && clean;
        Script { items, clean }
    }

    /// The parts of a pattern: `case` branches, `${X#pattern}`, the right side of `[[ a = b ]]`.
    pub(super) fn pattern_parts(&mut self, pattern: &Pattern, quote: Quote, parts: &mut Vec<Part>) {
        for node in &pattern.parts {
            let at = self.range(node.span);
            match &node.kind {
                PatternPart::Literal(_) => {
                    parts.push(Part { range: at, quote, kind: PartKind::Text(self.decode(at, quote)) });
                }
                PatternPart::Word(word) => parts.extend(self.quoted_word(word, quote).parts),
                PatternPart::AnyString | PatternPart::AnyChar | PatternPart::CharClass(_) => {
                    parts.push(Part { range: at, quote, kind: PartKind::Other(self.slice(at).to_owned()) });
                }
                PatternPart::Group { patterns, .. } => {
                    let mut inner = Vec::new();
                    patterns.iter().for_each(|pattern| self.pattern_parts(pattern, quote, &mut inner));
                    parts.extend(self.filled(at, inner, quote));
                }
            }
        }
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern) -> Word {
        let mut parts = Vec::new();
        self.pattern_parts(pattern, Quote::None, &mut parts);
        let at = self.range(pattern.span);
        let at = if at.is_empty() { statement::cover(parts.iter().map(|part| part.range)) } else { at };
        Word { range: at, parts }
    }

    /// `parts` with the text of `at` that none of them covers, as text between them.
    pub(super) fn filled(&mut self, at: TextRange, parts: Vec<Part>, quote: Quote) -> Vec<Part> {
        let mut filled = Vec::with_capacity(parts.len() * 2 + 1);
        let mut done = at.start();
        for part in parts {
            if part.range.start() < done || part.range.end() > at.end() {
                self.doubt();
                continue;
            }
            self.fill(TextRange::new(done, part.range.start()), quote, &mut filled);
            done = part.range.end();
            filled.push(part);
        }
        self.fill(TextRange::new(done, at.end()), quote, &mut filled);
        filled
    }

    fn fill(&self, gap: TextRange, quote: Quote, parts: &mut Vec<Part>) {
        // The quotes around a part belong to it.
        if self.slice(gap).chars().any(|char| !matches!(char, '"' | '\'')) {
            parts.push(Part { range: gap, quote, kind: PartKind::Text(self.decode(gap, quote)) });
        }
    }
}
