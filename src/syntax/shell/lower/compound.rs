use shuck_ast::{
    CaseCommand, Command as Parsed, CompoundCommand, ConditionalCommand, ConditionalExpr, FunctionDef, IfCommand,
    IfSyntax, Span, StmtSeq,
};

use super::Lowering;
use super::statement::cover;
use crate::source::{TextRange, range};
use crate::syntax::shell::{Body, Compound, CompoundKind, Item, Node, Redirect, Word};

impl Lowering<'_> {
    pub(super) fn compound(
        &mut self,
        compound: &CompoundCommand,
        redirects: &[shuck_ast::Redirect],
    ) -> (Node, TextRange) {
        let (mut lowered, at) = match compound {
            CompoundCommand::If(it) => (self.condition(it), self.until(it.span, Some(if_end(it.syntax)))),
            CompoundCommand::Case(it) => (self.case(it), self.until(it.span, Some(it.esac_span))),
            CompoundCommand::Subshell(body) => self.enclosed(CompoundKind::Subshell, body, ('(', ')')),
            CompoundCommand::BraceGroup(body) => self.enclosed(CompoundKind::Group, body, ('{', '}')),
            CompoundCommand::Arithmetic(it) => {
                let words = self.expressions([(it.expr_span, it.expr_ast.as_ref())]);
                (Compound { words, ..empty(CompoundKind::Test) }, self.until(it.span, Some(it.right_paren_span)))
            }
            CompoundCommand::Conditional(it) => (self.test(it), self.until(it.span, Some(it.right_bracket_span))),
            CompoundCommand::Time(it) => return self.time(it),
            CompoundCommand::Coproc(it) => {
                let items = vec![self.item(&it.body)];
                let keyword = self.keyword(it.span, "coproc");
                return (prefixed("coproc", keyword, items), self.trimmed(it.span));
            }
            CompoundCommand::Always(it) => {
                let bodies = vec![self.body_of(&it.body), self.body_of(&it.always_body)];
                (Compound { bodies, ..empty(CompoundKind::Other) }, self.trimmed(it.span))
            }
            repeated => self.repeated(repeated),
        };
        lowered.redirects = self.redirects(redirects);
        let at = with_redirects(at, &lowered.redirects);
        (Node::Compound(lowered), at)
    }

    pub(super) fn function(&mut self, function: &FunctionDef) -> (Node, TextRange) {
        let (body, end) = match &function.body.command {
            Parsed::Compound(CompoundCommand::BraceGroup(body)) => {
                let (lowered, at) = self.enclosed(CompoundKind::Function, body, ('{', '}'));
                (lowered, at)
            }
            _ => {
                let item = self.item(&function.body);
                let at = item.range;
                (with_items(CompoundKind::Function, vec![item]), at)
            }
        };
        let mut lowered = body;
        let entry = function.header.entries.first();
        let header = self.range(function.header.span());
        if let Some(entry) = entry {
            lowered.name_range = Some(self.range(entry.word.span));
            lowered.name = lowered.name_range.map(|at| self.slice(at).to_owned());
        }
        if matches!(function.body.command, Parsed::Compound(CompoundCommand::BraceGroup(_))) {
            lowered.redirects = self.redirects(&function.body.redirects);
        }
        let at = with_redirects(header.cover(end), &lowered.redirects);
        (Node::Compound(lowered), at)
    }

    fn condition(&mut self, parsed: &IfCommand) -> Compound {
        let mut bodies = vec![self.condition_of(&parsed.condition), self.body_of(&parsed.then_branch)];
        for (condition, body) in &parsed.elif_branches {
            bodies.extend([self.condition_of(condition), self.body_of(body)]);
        }
        bodies.extend(parsed.else_branch.iter().map(|body| self.body_of(body)));
        Compound { bodies, ..empty(CompoundKind::If) }
    }

    fn case(&mut self, parsed: &CaseCommand) -> Compound {
        let mut words = vec![self.word(&parsed.word)];
        let mut bodies = Vec::with_capacity(parsed.cases.len());
        for case in &parsed.cases {
            words.extend(case.patterns.iter().map(|pattern| self.pattern(pattern)).collect::<Vec<_>>());
            bodies.push(self.body_of(&case.body));
        }
        Compound { words, bodies, ..empty(CompoundKind::Case) }
    }

    fn test(&mut self, parsed: &ConditionalCommand) -> Compound {
        let mut words = Vec::new();
        self.operands_of(&parsed.expression, &mut words);
        Compound { words, ..empty(CompoundKind::Test) }
    }

    fn operands_of(&mut self, expression: &ConditionalExpr, words: &mut Vec<Word>) {
        match expression {
            ConditionalExpr::Binary(binary) => {
                self.operands_of(&binary.left, words);
                self.operands_of(&binary.right, words);
            }
            ConditionalExpr::Unary(unary) => self.operands_of(&unary.expr, words),
            ConditionalExpr::Parenthesized(inner) => self.operands_of(&inner.expr, words),
            ConditionalExpr::Word(word) | ConditionalExpr::Regex(word) => words.push(self.word(word)),
            ConditionalExpr::Pattern(pattern) => words.push(self.pattern(pattern)),
            ConditionalExpr::VarRef(reference) => {
                let at = self.trimmed(reference.span);
                words.push(super::command::plain(self.slice(at), at));
            }
        }
    }

    pub(super) fn body_of(&mut self, sequence: &StmtSeq) -> Body {
        Body { condition: false, items: self.sequence(sequence) }
    }

    pub(super) fn condition_of(&mut self, sequence: &StmtSeq) -> Body {
        Body { condition: true, items: self.sequence(sequence) }
    }

    /// A subshell or group, whose parentheses or braces the library leaves off its span.
    fn enclosed(
        &mut self,
        kind: CompoundKind,
        sequence: &StmtSeq,
        (open, close): (char, char),
    ) -> (Compound, TextRange) {
        let items = self.sequence(sequence);
        let inner = cover(items.iter().map(|item| item.range));
        let start = self.opener(inner.start().into(), open);
        let last = items.last().map_or(inner.end(), |last| last.operator.map_or(last.range.end(), |(_, at)| at.end()));
        let end = self.closer(last.into(), close).or_else(|| self.closer(self.heredoc_end(&items), close));
        let at = match (start, end) {
            (Some(start), Some(end)) if !items.is_empty() => range(start, end),
            _ => {
                self.doubt();
                inner
            }
        };
        (with_items(kind, items), at)
    }

    fn opener(&self, before: usize, open: char) -> Option<usize> {
        let text = self.text.get(..before)?;
        let trimmed = text.trim_end_matches([' ', '\t', '\n', '\r', '\\']);
        if trimmed.ends_with(open) {
            return Some(trimmed.len() - open.len_utf8());
        }
        // Comments stand between; the last opener in front of them that begins no comment line is it.
        let line = text.lines().rev().find(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty())?;
        let content = line.split(" #").next()?.trim_end();
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        content.ends_with(open).then(|| start + content.len() - open.len_utf8())
    }

    fn closer(&self, from: usize, close: char) -> Option<usize> {
        let mut rest = self.text.get(from..)?;
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ';', '\\']);
            if rest.starts_with('#') {
                rest = rest.split_once('\n')?.1;
                continue;
            }
            return rest.starts_with(close).then(|| self.text.len() - rest.len() + close.len_utf8());
        }
    }

    /// Behind the delimiter of the last heredoc that begins in `items`.
    fn heredoc_end(&self, items: &[Item]) -> usize {
        let mut end = 0;
        for item in items {
            crate::syntax::shell::walk::redirects_of(&item.node, &mut |redirect: &Redirect| {
                if let Some(body) = &redirect.heredoc {
                    end = end.max(body.range.end().into());
                }
            });
        }
        self.text.get(end..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |line| end + line)
    }

    /// From the beginning of a span to the end of the word that closes it; the span itself may reach further.
    pub(super) fn until(&mut self, span: Span, close: Option<Span>) -> TextRange {
        let whole = self.trimmed(span);
        let end = close.map_or(whole.end(), |close| self.trimmed(close).end());
        TextRange::new(whole.start(), end.max(whole.start()))
    }

    /// The keyword at the beginning of a span.
    pub(super) fn keyword(&mut self, span: Span, keyword: &str) -> TextRange {
        let start: usize = self.range(span).start().into();
        let at = self.checked(start, start + keyword.len());
        if self.slice(at) != keyword {
            self.doubt();
        }
        at
    }
}

/// A prefix such as `time` around what it runs.
pub(super) fn prefixed(name: &str, name_range: TextRange, items: Vec<Item>) -> Node {
    let compound = with_items(CompoundKind::Other, items);
    Node::Compound(Compound { name: Some(name.to_owned()), name_range: Some(name_range), ..compound })
}

fn if_end(syntax: IfSyntax) -> Span {
    match syntax {
        IfSyntax::ThenFi { fi_span, .. } => fi_span,
        IfSyntax::Brace { right_brace_span, .. } => right_brace_span,
    }
}

pub(super) fn empty(kind: CompoundKind) -> Compound {
    Compound { kind, name: None, name_range: None, words: Vec::new(), bodies: Vec::new(), redirects: Vec::new() }
}

fn with_items(kind: CompoundKind, items: Vec<Item>) -> Compound {
    Compound { bodies: vec![Body { condition: false, items }], ..empty(kind) }
}

fn with_redirects(at: TextRange, redirects: &[Redirect]) -> TextRange {
    redirects.iter().fold(at, |at, redirect| at.cover(redirect.range))
}
