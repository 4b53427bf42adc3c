use shuck_ast::{BinaryCommand, BinaryOp, Command as Parsed, Stmt, StmtSeq, StmtTerminator, TimeCommand};

use super::Lowering;
use crate::source::{TextRange, range};
use crate::syntax::shell::{Item, Node, Operator};

impl Lowering<'_> {
    /// The items of a sequence, and-or lists flattened. The operator of the last item is its terminator, if written.
    pub(super) fn sequence(&mut self, sequence: &StmtSeq) -> Vec<Item> {
        let mut items = Vec::new();
        for statement in sequence.iter() {
            self.break_line(items.last_mut(), statement);
            self.and_or(statement, &mut items);
            let terminator = statement.terminator.zip(statement.terminator_span);
            if let (Some((terminator, span)), Some(last)) = (terminator, items.last_mut()) {
                let operator = match terminator {
                    StmtTerminator::Semicolon => Operator::Semicolon,
                    StmtTerminator::Background(_) => Operator::Background,
                };
                last.operator = Some((operator, self.trimmed(span)));
            }
        }
        items
    }

    /// Statements without a terminator between them are separated by a line break.
    fn break_line(&mut self, before: Option<&mut Item>, next: &Stmt) {
        let Some(item) = before.filter(|item| item.operator.is_none()) else { return };
        let end = usize::from(item.range.end());
        let next = self.base + next.span.start.offset();
        match self.text.get(end..next).and_then(|gap| gap.find('\n')) {
            Some(offset) => item.operator = Some((Operator::Newline, range(end + offset, end + offset + 1))),
            None => self.doubt(),
        }
    }

    fn and_or(&mut self, statement: &Stmt, items: &mut Vec<Item>) {
        if let Parsed::Binary(binary) = &statement.command
            && let Some(operator) = list_operator(binary.op)
            && !statement.negated
        {
            self.and_or(&binary.left, items);
            let at = self.range(binary.op_span);
            if let Some(last) = items.last_mut() {
                last.operator = Some((operator, at));
            }
            return self.and_or(&binary.right, items);
        }
        items.push(self.item(statement));
    }

    /// One member of a list or of a pipeline.
    pub(super) fn item(&mut self, statement: &Stmt) -> Item {
        let (node, at) = match &statement.command {
            Parsed::Binary(binary) => self.pipeline(binary),
            Parsed::Simple(simple) => self.command(|this| this.simple(simple, &statement.redirects)),
            Parsed::Builtin(builtin) => self.command(|this| this.builtin(builtin, &statement.redirects)),
            Parsed::Decl(clause) => self.command(|this| this.declaration(clause, &statement.redirects)),
            Parsed::Compound(compound) => self.compound(compound, &statement.redirects),
            Parsed::Function(function) => self.function(function),
            Parsed::AnonymousFunction(function) => {
                self.doubt();
                let at = self.trimmed(function.span);
                (Node::Pipeline(vec![self.item(&function.body)]), at)
            }
        };
        let at = if statement.negated { self.negation(statement, at) } else { at };
        Item { range: at, node, operator: None, negated: statement.negated }
    }

    fn command(&mut self, lower: impl FnOnce(&mut Self) -> crate::syntax::shell::Command) -> (Node, TextRange) {
        let command = lower(self);
        let at = command.range;
        (Node::Command(command), at)
    }

    /// The range from the `!` on.
    fn negation(&mut self, statement: &Stmt, at: TextRange) -> TextRange {
        let start = self.base + statement.span.start.offset();
        if self.text.get(start..).is_some_and(|rest| rest.starts_with('!')) {
            return range(start, at.end().into());
        }
        self.doubt();
        at
    }

    fn pipeline(&mut self, binary: &BinaryCommand) -> (Node, TextRange) {
        let mut members = Vec::new();
        self.members(binary, &mut members);
        let at = cover(members.iter().map(|member| member.range));
        (Node::Pipeline(members), at)
    }

    fn members(&mut self, binary: &BinaryCommand, members: &mut Vec<Item>) {
        if list_operator(binary.op).is_some() {
            // A negated and-or list can't be written in a shell; the library would have to have made it up.
            self.doubt();
        }
        for side in [&binary.left, &binary.right] {
            match &side.command {
                Parsed::Binary(inner) if !side.negated => self.members(inner, members),
                _ => members.push(self.item(side)),
            }
        }
    }

    /// `time` in front of a pipeline is a compound of its own, because what it runs is a list member like any other.
    pub(super) fn time(&mut self, time: &TimeCommand) -> (Node, TextRange) {
        let items: Vec<Item> = time.command.iter().map(|inner| self.item(inner)).collect();
        let keyword = self.keyword(time.span, "time");
        let at = cover([keyword].into_iter().chain(items.iter().map(|item| item.range)));
        (super::compound::prefixed("time", keyword, items), at)
    }
}

fn list_operator(operator: BinaryOp) -> Option<Operator> {
    match operator {
        BinaryOp::And => Some(Operator::And),
        BinaryOp::Or => Some(Operator::Or),
        BinaryOp::Pipe | BinaryOp::PipeAll => None,
    }
}

/// The smallest range around all of `ranges`; empty at zero for none.
pub(super) fn cover(ranges: impl IntoIterator<Item = TextRange>) -> TextRange {
    ranges.into_iter().reduce(TextRange::cover).unwrap_or_default()
}
