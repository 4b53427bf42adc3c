use shuck_ast::{ArithmeticExpr, ArithmeticExprNode, ArithmeticLvalue, ArithmeticUnaryOp, Span, Word as ParsedWord};

use super::Lowering;
use crate::source::TextRange;
use crate::syntax::shell::{Part, PartKind, Quote, Variable, Word};

impl Lowering<'_> {
    /// `$((…))`, from its typed expression or else from its words.
    pub(super) fn arithmetic(
        &mut self,
        span: Span,
        expression: Option<&ArithmeticExprNode>,
        words: Option<&ParsedWord>,
    ) -> PartKind {
        PartKind::Arithmetic(self.arithmetic_word(span, expression, words))
    }

    pub(super) fn arithmetic_word(
        &mut self,
        span: Span,
        expression: Option<&ArithmeticExprNode>,
        words: Option<&ParsedWord>,
    ) -> Word {
        let at = self.range(span);
        let mut parts = Vec::new();
        match (expression, words) {
            (Some(expression), _) => self.operands(expression, &mut parts),
            (None, Some(words)) => self.parts(&words.parts, Quote::Double, &mut parts),
            (None, None) => {}
        }
        let parts = self.filled(at, parts, Quote::Double);
        Word { range: at, parts }
    }

    /// The variables and expansions of an expression, in text order.
    fn operands(&mut self, node: &ArithmeticExprNode, parts: &mut Vec<Part>) {
        match &node.kind {
            ArithmeticExpr::Number(_) => {}
            ArithmeticExpr::Variable(name) => self.named(name, node.span, None, parts),
            ArithmeticExpr::Indexed { name, index } => {
                self.named(name, node.span, None, parts);
                self.operands(index, parts);
            }
            ArithmeticExpr::ShellWord(word) => parts.extend(self.quoted_word(word, Quote::Double).parts),
            ArithmeticExpr::Parenthesized { expression } => self.operands(expression, parts),
            ArithmeticExpr::Unary { op, expr } => {
                let assigns = matches!(op, ArithmeticUnaryOp::PreIncrement | ArithmeticUnaryOp::PreDecrement);
                self.changed(expr, assigns, parts);
            }
            ArithmeticExpr::Postfix { expr, .. } => self.changed(expr, true, parts),
            ArithmeticExpr::Binary { left, right, .. } => {
                self.operands(left, parts);
                self.operands(right, parts);
            }
            ArithmeticExpr::Conditional { condition, then_expr, else_expr } => {
                [condition, then_expr, else_expr].into_iter().for_each(|inner| self.operands(inner, parts));
            }
            ArithmeticExpr::Assignment { target, value, .. } => self.assigned(node.span, target, value, parts),
        }
    }

    fn changed(&mut self, operand: &ArithmeticExprNode, assigns: bool, parts: &mut Vec<Part>) {
        match &operand.kind {
            ArithmeticExpr::Variable(name) if assigns => self.named(name, operand.span, Some("="), parts),
            _ => self.operands(operand, parts),
        }
    }

    fn assigned(&mut self, span: Span, target: &ArithmeticLvalue, value: &ArithmeticExprNode, parts: &mut Vec<Part>) {
        match target {
            ArithmeticLvalue::Variable(name) => self.named(name, span, Some("="), parts),
            ArithmeticLvalue::Indexed { name, index } => {
                self.named(name, span, Some("="), parts);
                self.operands(index, parts);
            }
        }
        self.operands(value, parts);
    }

    /// A name without `$` at the beginning of `span`.
    fn named(&mut self, name: &str, span: Span, operator: Option<&str>, parts: &mut Vec<Part>) {
        let start = self.range(span).start();
        let at = self.checked(start.into(), usize::from(start) + name.len());
        if self.slice(at) != name {
            self.doubt();
            return;
        }
        let variable =
            Variable { name: name.to_owned(), name_range: at, operator: operator.map(str::to_owned), operand: None };
        parts.push(Part { range: at, quote: Quote::Double, kind: PartKind::Variable(variable) });
    }

    /// The expressions of `(( … ))` and `for (( … ))` as words.
    pub(super) fn expressions<'e>(
        &mut self,
        expressions: impl IntoIterator<Item = (Option<Span>, Option<&'e ArithmeticExprNode>)>,
    ) -> Vec<Word> {
        let mut words = Vec::new();
        for (span, expression) in expressions {
            let Some(span) = span else { continue };
            let word = self.arithmetic_word(span, expression, None);
            let blank: TextRange = word.range;
            if expression.is_none() && !self.slice(blank).trim().is_empty() {
                self.doubt();
            }
            words.push(word);
        }
        words
    }
}
