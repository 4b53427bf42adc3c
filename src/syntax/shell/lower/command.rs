use shuck_ast::{
    ArrayElem, Assignment as ParsedAssignment, AssignmentValue, BuiltinCommand, DeclClause, DeclOperand, SimpleCommand,
    VarRef, Word as ParsedWord,
};

use super::Lowering;
use super::statement::cover;
use crate::source::{TextRange, range};
use crate::syntax::shell::{Assignment, Command, Part, PartKind, Quote, Redirect, Word};

impl Lowering<'_> {
    pub(super) fn simple(&mut self, simple: &SimpleCommand, redirects: &[shuck_ast::Redirect]) -> Command {
        let assignments = self.assignments(&simple.assignments);
        let mut words = Vec::with_capacity(simple.args.len() + 1);
        // A bare assignment has an empty name.
        if !simple.name.parts.is_empty() && simple.name.span.start.offset() < simple.name.span.end.offset() {
            words.push(self.word(&simple.name));
        }
        words.extend(simple.args.iter().map(|word| self.word(word)));
        self.assemble(assignments, words, redirects)
    }

    /// `break`, `continue`, `return` and `exit`, which the library keeps apart from other commands.
    pub(super) fn builtin(&mut self, builtin: &BuiltinCommand, redirects: &[shuck_ast::Redirect]) -> Command {
        let (name, first, more, assignments, span) = match builtin {
            BuiltinCommand::Break(it) => ("break", &it.depth, &it.extra_args, &it.assignments, it.span),
            BuiltinCommand::Continue(it) => ("continue", &it.depth, &it.extra_args, &it.assignments, it.span),
            BuiltinCommand::Return(it) => ("return", &it.code, &it.extra_args, &it.assignments, it.span),
            BuiltinCommand::Exit(it) => ("exit", &it.code, &it.extra_args, &it.assignments, it.span),
        };
        let assignments = self.assignments(assignments);
        let from = assignments.last().map_or(self.base + span.start.offset(), |last| last.range.end().into());
        let end = self.base + span.end.offset();
        let at = self.find(name, from, end);
        let mut words = vec![plain(name, at)];
        words.extend(first.iter().chain(more).map(|word: &ParsedWord| self.word(word)));
        self.assemble(assignments, words, redirects)
    }

    pub(super) fn declaration(&mut self, clause: &DeclClause, redirects: &[shuck_ast::Redirect]) -> Command {
        let assignments = self.assignments(&clause.assignments);
        let at = self.range(clause.variant_span);
        if self.slice(at) != clause.variant.as_str() {
            self.doubt();
        }
        let mut words = vec![plain(&clause.variant, at)];
        let mut declared = Vec::new();
        for operand in &clause.operands {
            let word = match operand {
                DeclOperand::Flag(word) | DeclOperand::Dynamic(word) => self.word(word),
                DeclOperand::Name(name) => self.reference(name),
                DeclOperand::Assignment(assignment) => {
                    let assignment = self.assignment(assignment);
                    let word = self.assignment_word(&assignment);
                    declared.push(assignment);
                    word
                }
            };
            words.push(word);
        }
        Command { declared, ..self.assemble(assignments, words, redirects) }
    }

    fn assemble(
        &mut self,
        assignments: Vec<Assignment>,
        words: Vec<Word>,
        redirects: &[shuck_ast::Redirect],
    ) -> Command {
        let redirects = self.redirects(redirects);
        let pieces = assignments.iter().map(|assignment| assignment.range);
        let pieces = pieces.chain(words.iter().map(|word| word.range));
        let at = cover(pieces.chain(redirects.iter().map(|redirect: &Redirect| redirect.range)));
        Command { range: at, assignments, words, declared: Vec::new(), redirects }
    }

    /// The first place of `needle` between two offsets; an empty range and doubt where it is missing.
    pub(super) fn find(&mut self, needle: &str, from: usize, to: usize) -> TextRange {
        match self.text.get(from..to).and_then(|text| text.find(needle)) {
            Some(offset) => range(from + offset, from + offset + needle.len()),
            None => {
                self.doubt();
                self.checked(from, from)
            }
        }
    }

    fn assignments(&mut self, assignments: &[ParsedAssignment]) -> Vec<Assignment> {
        assignments.iter().map(|assignment| self.assignment(assignment)).collect()
    }

    fn assignment(&mut self, assignment: &ParsedAssignment) -> Assignment {
        let name = assignment.target.name.as_str().to_owned();
        let name_range = self.range(assignment.target.name_span);
        if self.slice(name_range) != name {
            self.doubt();
        }
        let (mut value, elements) = match &assignment.value {
            AssignmentValue::Scalar(word) => (self.word(word), None),
            AssignmentValue::Compound(array) => {
                let elements: Vec<Word> = array.elements.iter().map(|element| self.element(element)).collect();
                let at = self.array_range(assignment, name_range);
                (self.sequence_word(at, elements.iter()), Some(elements))
            }
        };
        let at = range(name_range.start().into(), value.range.end().into()).cover(name_range);
        let at = if value.range.is_empty() { self.trimmed(assignment.span) } else { at };
        if value.range.is_empty() {
            value.range = TextRange::empty(at.end());
        }
        Assignment { range: at, name, name_range, append: assignment.append, value, elements }
    }

    fn element(&mut self, element: &ArrayElem) -> Word {
        match element {
            ArrayElem::Sequential(word) => self.word(word),
            ArrayElem::Keyed { key, value } | ArrayElem::KeyedAppend { key, value } => {
                let mut value = self.word(value);
                if let Some(key) = key.word_ast() {
                    let key = self.word(key);
                    value.range = value.range.cover(key.range);
                    value.parts.splice(0..0, key.parts);
                }
                value
            }
        }
    }

    /// From `(` to `)`; the library's span sometimes leaves them off.
    fn array_range(&mut self, assignment: &ParsedAssignment, name: TextRange) -> TextRange {
        let at = self.trimmed(assignment.span);
        let open = self.find("=(", name.end().into(), at.end().into());
        self.checked(usize::from(open.start()) + 1, at.end().into())
    }

    /// Words that stand for one: their parts, and blank text between them.
    fn sequence_word<'w>(&self, at: TextRange, words: impl Iterator<Item = &'w Word>) -> Word {
        let mut parts: Vec<Part> = Vec::new();
        for word in words {
            if let Some(last) = parts.last() {
                let gap = range(last.range.end().into(), word.range.start().into());
                parts.push(Part { range: gap, quote: Quote::None, kind: PartKind::Text(" ".to_owned()) });
            }
            parts.extend(word.parts.iter().cloned());
        }
        Word { range: at, parts }
    }

    /// The operand `NAME=value` of a declaration as an ordinary word.
    fn assignment_word(&mut self, lowered: &Assignment) -> Word {
        let first = match &lowered.elements {
            Some(_) => (usize::from(lowered.value.range.start()) + 1).min(lowered.value.range.end().into()),
            None => lowered.value.range.start().into(),
        };
        let target = self.checked(lowered.name_range.start().into(), first);
        let mut parts = vec![text_part(self.slice(target), target)];
        parts.extend(lowered.value.parts.iter().cloned());
        if lowered.elements.is_some() {
            let end = usize::from(lowered.range.end());
            let close = self.checked(end.saturating_sub(1), end);
            parts.push(text_part(self.slice(close), close));
        }
        Word { range: lowered.range, parts }
    }

    fn reference(&mut self, reference: &VarRef) -> Word {
        let at = self.trimmed(reference.span);
        let mut word = plain(self.slice(at), at);
        if let Some(index) = reference.subscript.as_ref().and_then(|subscript| subscript.word_ast()) {
            let index = self.word(index);
            word.parts = self.filled(at, index.parts, Quote::None);
        }
        word
    }
}

fn text_part(text: &str, at: TextRange) -> Part {
    Part { range: at, quote: Quote::None, kind: PartKind::Text(text.to_owned()) }
}

/// A word that is written as it reads.
pub(super) fn plain(text: &str, at: TextRange) -> Word {
    Word { range: at, parts: vec![text_part(text, at)] }
}
