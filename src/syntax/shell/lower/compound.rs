use shuck_ast::{
    CaseCommand, Command as Parsed, CompoundCommand, ConditionalExpr, ForCommand, ForSyntax, FunctionDef, IfCommand,
    IfSyntax, Span, StmtSeq, Word as ParsedWord,
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
            CompoundCommand::If(it) => {
                let end = match it.syntax {
                    IfSyntax::ThenFi { fi_span, .. } => fi_span,
                    IfSyntax::Brace { right_brace_span, .. } => right_brace_span,
                };
                (self.condition(it), self.until(it.span, Some(end)))
            }
            CompoundCommand::For(it) => (self.for_loop(it), self.until(it.span, loop_end(&it.syntax))),
            CompoundCommand::Select(it) => {
                let name = Some((it.variable.as_str(), it.variable_span));
                (self.named_loop(name, &it.words, &it.body), self.until(it.span, Some(it.done_span)))
            }
            CompoundCommand::Foreach(it) => {
                let name = Some((it.variable.as_str(), it.variable_span));
                (self.named_loop(name, &it.words, &it.body), self.trimmed(it.span))
            }
            CompoundCommand::Repeat(it) => {
                (self.named_loop(None, std::slice::from_ref(&it.count), &it.body), self.trimmed(it.span))
            }
            CompoundCommand::ArithmeticFor(it) => {
                let expressions = [
                    (it.init_span, it.init_ast.as_ref()),
                    (it.condition_span, it.condition_ast.as_ref()),
                    (it.step_span, it.step_ast.as_ref()),
                ];
                let words = self.expressions(expressions);
                let bodies = vec![self.body_of(&it.body)];
                (Compound { words, bodies, ..empty(CompoundKind::For) }, self.until(it.span, it.done_span))
            }
            CompoundCommand::While(it) => (self.while_loop(&it.condition, &it.body), self.until(it.span, it.done_span)),
            CompoundCommand::Until(it) => (self.while_loop(&it.condition, &it.body), self.until(it.span, it.done_span)),
            CompoundCommand::Case(it) => (self.case(it), self.until(it.span, Some(it.esac_span))),
            CompoundCommand::Subshell(body) => self.enclosed(CompoundKind::Subshell, body, ('(', ')')),
            CompoundCommand::BraceGroup(body) => self.enclosed(CompoundKind::Group, body, ('{', '}')),
            CompoundCommand::Arithmetic(it) => {
                let words = self.expressions([(it.expr_span, it.expr_ast.as_ref())]);
                (Compound { words, ..empty(CompoundKind::Test) }, self.until(it.span, Some(it.right_paren_span)))
            }
            CompoundCommand::Conditional(it) => {
                let mut words = Vec::new();
                self.operands_of(&it.expression, &mut words);
                (Compound { words, ..empty(CompoundKind::Test) }, self.until(it.span, Some(it.right_bracket_span)))
            }
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

    fn for_loop(&mut self, parsed: &ForCommand) -> Compound {
        let target = parsed.targets.first();
        let words = parsed.words.as_deref().unwrap_or_default();
        let name = target.and_then(|target| Some((target.name.as_ref()?.as_str(), target.span)));
        self.named_loop(name, words, &parsed.body)
    }

    fn named_loop(&mut self, name: Option<(&str, Span)>, words: &[ParsedWord], body: &StmtSeq) -> Compound {
        let words = words.iter().map(|word| self.word(word)).collect();
        let bodies = vec![self.body_of(body)];
        let name_range = name.map(|(_, span)| self.trimmed(span));
        if let (Some((name, _)), Some(at)) = (name, name_range)
            && self.slice(at) != name
        {
            self.doubt();
        }
        let name = name.map(|(name, _)| name.to_owned());
        Compound { name, name_range, words, bodies, ..empty(CompoundKind::For) }
    }

    fn while_loop(&mut self, condition: &StmtSeq, body: &StmtSeq) -> Compound {
        let bodies = vec![self.condition_of(condition), self.body_of(body)];
        Compound { bodies, ..empty(CompoundKind::While) }
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

    fn body_of(&mut self, sequence: &StmtSeq) -> Body {
        Body { condition: false, items: self.sequence(sequence) }
    }

    fn condition_of(&mut self, sequence: &StmtSeq) -> Body {
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
    fn until(&mut self, span: Span, close: Option<Span>) -> TextRange {
        let whole = self.trimmed(span);
        let end = close.map_or(whole.end(), |close| self.trimmed(close).end());
        TextRange::new(whole.start(), end.max(whole.start()))
    }

    /// The keyword at the beginning of a span.
    pub(super) fn keyword(&mut self, span: Span, keyword: &str) -> TextRange {
        let start = self.range(span).start().into();
        let at = range(start, (start + keyword.len()).min(self.text.len()));
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

fn loop_end(syntax: &ForSyntax) -> Option<Span> {
    match syntax {
        ForSyntax::InDoDone { done_span, .. } | ForSyntax::ParenDoDone { done_span, .. } => Some(*done_span),
        ForSyntax::InBrace { right_brace_span, .. } | ForSyntax::ParenBrace { right_brace_span, .. } => {
            Some(*right_brace_span)
        }
        ForSyntax::InDirect { .. } | ForSyntax::ParenDirect { .. } => None,
    }
}

fn empty(kind: CompoundKind) -> Compound {
    Compound { kind, name: None, name_range: None, words: Vec::new(), bodies: Vec::new(), redirects: Vec::new() }
}

fn with_items(kind: CompoundKind, items: Vec<Item>) -> Compound {
    Compound { bodies: vec![Body { condition: false, items }], ..empty(kind) }
}

fn with_redirects(at: TextRange, redirects: &[Redirect]) -> TextRange {
    redirects.iter().fold(at, |at, redirect| at.cover(redirect.range))
}
