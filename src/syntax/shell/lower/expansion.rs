use shuck_ast::{
    BourneParameterExpansion as Bourne, ParameterExpansion, ParameterExpansionSyntax, ParameterOp, Subscript, VarRef,
    Word as ParsedWord, WordPart,
};

use super::Lowering;
use crate::source::{TextRange, range, slice};
use crate::syntax::shell::{Part, PartKind, Quote, Variable, Word};

/// The operators between a parameter and its operand, longest first (POSIX 2.6.2 and bash's additions).
const OPERATORS: [&str; 22] = [
    ":-", ":=", ":?", ":+", "##", "%%", "//", "/#", "/%", "^^", ",,", "-", "=", "?", "+", "#", "%", "/", "^", ",", "@",
    ":",
];

/// What the pieces of an expansion are, however the library calls it.
#[derive(Default)]
struct Pieces<'a> {
    reference: Option<&'a VarRef>,
    operation: Option<&'a ParameterOp>,
    words: Vec<&'a ParsedWord>,
}

impl Lowering<'_> {
    /// `$NAME`, or a `${NAME}` that the library calls the same.
    pub(super) fn variable(&mut self, name: &str, at: TextRange) -> PartKind {
        let open = if self.slice(at).starts_with("${") { 2 } else { 1 };
        let start = usize::from(at.start()) + open;
        let name_range = self.checked(start, start + name.len());
        if self.slice(name_range) != name || name.is_empty() {
            self.doubt();
        }
        PartKind::Variable(Variable { name: name.to_owned(), name_range, operator: None, operand: None })
    }

    /// `${…}` of the Bourne family; what only zsh knows stays as written.
    pub(super) fn parameter(&mut self, parameter: &ParameterExpansion, at: TextRange, quote: Quote) -> PartKind {
        let ParameterExpansionSyntax::Bourne(syntax) = &parameter.syntax else {
            self.doubt();
            return PartKind::Other(self.slice(at).to_owned());
        };
        let mut pieces = Pieces::default();
        match syntax {
            Bourne::Access { reference }
            | Bourne::Length { reference }
            | Bourne::Indices { reference }
            | Bourne::Transformation { reference, .. } => pieces.reference = Some(reference),
            Bourne::Indirect { reference, operator, operand_word_ast, .. } => {
                pieces.reference = Some(reference);
                pieces.operation = operator.as_deref();
                pieces.words.extend(operand_word_ast.as_deref());
            }
            Bourne::Operation { reference, operator, operand_word_ast, .. } => {
                pieces.reference = Some(reference);
                pieces.operation = Some(operator);
                pieces.words.extend(operand_word_ast.as_deref());
            }
            Bourne::Slice { reference, offset_word_ast, length_word_ast, .. } => {
                pieces.reference = Some(reference);
                pieces.words.push(offset_word_ast);
                pieces.words.extend(length_word_ast.as_deref());
            }
            Bourne::PrefixMatch { .. } => {}
        }
        self.pieces(&pieces, at, quote)
    }

    /// The forms of expansion that older trees of the library have as parts of their own.
    pub(super) fn expansion(&mut self, part: &WordPart, at: TextRange, quote: Quote) -> PartKind {
        let mut pieces = Pieces::default();
        match part {
            WordPart::ParameterExpansion { reference, operator, operand_word_ast, .. } => {
                pieces.reference = Some(reference);
                pieces.operation = Some(operator);
                pieces.words.extend(operand_word_ast.as_deref());
            }
            WordPart::IndirectExpansion { reference, operator, operand_word_ast, .. } => {
                pieces.reference = Some(reference);
                pieces.operation = operator.as_deref();
                pieces.words.extend(operand_word_ast.as_deref());
            }
            WordPart::Substring { reference, offset_word_ast, length_word_ast, .. }
            | WordPart::ArraySlice { reference, offset_word_ast, length_word_ast, .. } => {
                pieces.reference = Some(reference);
                pieces.words.push(offset_word_ast);
                pieces.words.extend(length_word_ast.as_deref());
            }
            WordPart::Length(reference)
            | WordPart::ArrayAccess(reference)
            | WordPart::ArrayLength(reference)
            | WordPart::ArrayIndices(reference)
            | WordPart::Transformation { reference, .. } => pieces.reference = Some(reference),
            _ => {}
        }
        self.pieces(&pieces, at, quote)
    }

    fn pieces(&mut self, pieces: &Pieces<'_>, at: TextRange, quote: Quote) -> PartKind {
        // `${!PREFIX*}` names no single variable.
        let Some(reference) = pieces.reference else { return PartKind::Other(self.slice(at).to_owned()) };
        let name = self.range(reference.name_span);
        let written = self.slice(at);
        let inside = range(usize::from(at.start()) + 2, usize::from(at.end()).saturating_sub(1));
        if !written.starts_with("${")
            || self.slice(name) != reference.name.as_str()
            || !inside.contains_range(name)
            || !self.slice(at).ends_with('}')
        {
            self.doubt();
            return PartKind::Other(self.slice(at).to_owned());
        }
        let prefix = self.slice(TextRange::new(inside.start(), name.start()));
        let mut parts = Vec::new();
        let mut rest = TextRange::new(name.end(), inside.end());
        if let Some(subscript) = &reference.subscript {
            let index = self.subscript(subscript, quote, &mut parts);
            rest = self.checked((usize::from(index.end()) + 1).min(inside.end().into()), inside.end().into());
            if prefix.is_empty() && rest.is_empty() {
                return self.finished(name, Some("["), Some((index, parts)), quote);
            }
        }
        let Some(operator) = OPERATORS.into_iter().find(|operator| self.slice(rest).starts_with(operator)) else {
            return self.finished(name, (!prefix.is_empty()).then_some(prefix), None, quote);
        };
        self.operand_parts(pieces, quote, &mut parts);
        let operand = range(usize::from(rest.start()) + operator.len(), rest.end().into());
        let operand = parts.first().map_or(operand, |first| operand.cover(first.range));
        self.finished(name, Some(&format!("{prefix}{operator}")), Some((operand, parts)), quote)
    }

    /// The place of an array's index; its expansions go to `parts`.
    fn subscript(&mut self, subscript: &Subscript, quote: Quote, parts: &mut Vec<Part>) -> TextRange {
        if let Some(word) = subscript.word_ast() {
            parts.extend(self.quoted_word(word, quote).parts);
        }
        self.range(subscript.span())
    }

    fn operand_parts(&mut self, pieces: &Pieces<'_>, quote: Quote, parts: &mut Vec<Part>) {
        match pieces.operation {
            Some(
                ParameterOp::RemovePrefixShort { pattern }
                | ParameterOp::RemovePrefixLong { pattern }
                | ParameterOp::RemoveSuffixShort { pattern }
                | ParameterOp::RemoveSuffixLong { pattern },
            ) => self.pattern_parts(pattern, quote, parts),
            Some(
                ParameterOp::ReplaceFirst { pattern, replacement_word_ast, .. }
                | ParameterOp::ReplaceAll { pattern, replacement_word_ast, .. },
            ) => {
                self.pattern_parts(pattern, quote, parts);
                parts.extend(self.quoted_word(replacement_word_ast, quote).parts);
            }
            _ => {}
        }
        for word in &pieces.words {
            parts.extend(self.quoted_word(word, quote).parts);
        }
    }

    fn finished(
        &mut self,
        name_range: TextRange,
        operator: Option<&str>,
        operand: Option<(TextRange, Vec<Part>)>,
        quote: Quote,
    ) -> PartKind {
        let operand = operand.map(|(at, parts)| Word { range: at, parts: self.filled(at, parts, quote) });
        PartKind::Variable(Variable {
            name: self.slice(name_range).to_owned(),
            name_range,
            operator: operator.map(str::to_owned),
            operand: operand.map(Box::new),
        })
    }
}

/// Splits unquoted text at the characters of globs and of brace expansions, which are not themselves.
pub(super) fn split_patterns(parts: Vec<Part>, braces: &[TextRange], text: &str) -> Vec<Part> {
    let special = |part: &Part| {
        part.quote == Quote::None
            && matches!(part.kind, PartKind::Text(_))
            && (slice(text, part.range).contains(['*', '?', '[']) || !braces.is_empty())
    };
    if !parts.iter().any(special) {
        return parts;
    }
    let mut split = Vec::with_capacity(parts.len() + 2);
    for part in parts {
        if special(&part) { split_text(&part, braces, text, &mut split) } else { split.push(part) }
    }
    split
}

fn split_text(part: &Part, braces: &[TextRange], text: &str, split: &mut Vec<Part>) {
    let start = usize::from(part.range.start());
    let content = slice(text, part.range);
    let mut piece = |from: usize, to: usize, active: bool| {
        if from < to {
            let written = content.get(from..to).unwrap_or("");
            let kind = match active {
                true => PartKind::Other(written.to_owned()),
                false => PartKind::Text(super::decode::unquoted(written)),
            };
            split.push(Part { range: range(start + from, start + to), quote: Quote::None, kind });
        }
    };
    let (mut from, mut active, mut escaped, mut class) = (0, false, false, false);
    for (offset, char) in content.char_indices() {
        let in_brace = || braces.iter().any(|brace| brace.contains(crate::source::size(start + offset)));
        let opens = char == '[' && content.get(offset + 1..).is_some_and(|rest| rest.contains(']'));
        let now = !escaped && (class || opens || matches!(char, '*' | '?') || ("{,}".contains(char) && in_brace()));
        class = (class || (opens && !escaped)) && char != ']';
        if now != active {
            piece(from, offset, active);
            (from, active) = (offset, now);
        }
        escaped = char == '\\' && !escaped;
    }
    piece(from, content.len(), active);
}
