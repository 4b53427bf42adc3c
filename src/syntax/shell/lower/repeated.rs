use shuck_ast::{ArithmeticForCommand, CompoundCommand, ForCommand, ForSyntax, Span, StmtSeq, Word as ParsedWord};

use super::Lowering;
use super::compound::empty;
use crate::source::TextRange;
use crate::syntax::shell::{Compound, CompoundKind};

impl Lowering<'_> {
    /// The loops of a shell. The library gives no other kind of compound here.
    pub(super) fn repeated(&mut self, compound: &CompoundCommand) -> (Compound, TextRange) {
        match compound {
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
            CompoundCommand::ArithmeticFor(it) => (self.arithmetic_loop(it), self.until(it.span, it.done_span)),
            CompoundCommand::While(it) => (self.while_loop(&it.condition, &it.body), self.until(it.span, it.done_span)),
            CompoundCommand::Until(it) => (self.while_loop(&it.condition, &it.body), self.until(it.span, it.done_span)),
            _ => {
                self.doubt();
                (empty(CompoundKind::Other), TextRange::default())
            }
        }
    }

    fn arithmetic_loop(&mut self, parsed: &ArithmeticForCommand) -> Compound {
        let words = self.expressions([
            (parsed.init_span, parsed.init_ast.as_ref()),
            (parsed.condition_span, parsed.condition_ast.as_ref()),
            (parsed.step_span, parsed.step_ast.as_ref()),
        ]);
        let bodies = vec![self.body_of(&parsed.body)];
        Compound { words, bodies, ..empty(CompoundKind::For) }
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
