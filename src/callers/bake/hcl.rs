//! Reads HCL. A library parses it; only its places are used, because its printer does not keep line ends.

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey, TraversalOperator};
use hcl_edit::structure::{Block as HclBlock, Body, Structure};
use hcl_edit::template::{Element, Template};

use super::file::{BakeFile, Block, Content, Entry, Piece, Syntax, Value};
use crate::source::{TextRange, range};

/// How deep brackets may stand in each other: the library takes time that grows with the square of it.
const MOST_NESTING: usize = 200;

/// The file, where it is HCL, and not nested more deeply than [`MOST_NESTING`].
pub(super) fn read(text: &str) -> Option<BakeFile> {
    let deepest = text.bytes().scan(0_usize, |depth, byte| {
        match byte {
            b'{' | b'[' | b'(' => *depth += 1,
            b'}' | b']' | b')' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    if deepest.max().unwrap_or(0) > MOST_NESTING {
        return None;
    }
    let body: Body = text.parse().ok()?;
    let mut file = BakeFile { syntax: Syntax::Hcl, blocks: Vec::new(), attributes: attributes(&body) };
    file.blocks = body.blocks().filter_map(block).collect();
    Some(file)
}

/// The pieces of a text in which `${…}` is replaced.
pub(super) fn template(text: &str) -> Vec<Piece> {
    match text.parse::<Template>() {
        Ok(template) => pieces(&template),
        Err(_) => vec![Piece::Computed],
    }
}

fn block(block: &HclBlock) -> Option<Block> {
    let name = block.labels.first().map_or(String::new(), |label| label.as_str().to_owned());
    let entries = attributes(&block.body);
    Some(Block { kind: block.ident.as_str().to_owned(), name, range: place(block)?, entries })
}

fn attributes(body: &Body) -> Vec<Entry> {
    let entry = |structure: &Structure| {
        let attribute = structure.as_attribute()?;
        let key_range = place(&attribute.key)?;
        let value = value(&attribute.value)?;
        Some(Entry { key: Some(attribute.key.as_str().to_owned()), key_range, value })
    };
    body.iter().filter_map(entry).collect()
}

fn value(expression: &Expression) -> Option<Value> {
    let range = place(expression)?;
    let content = match expression {
        Expression::Null(_) => Content::Null,
        Expression::Array(array) => Content::List(array.iter().filter_map(value).collect()),
        Expression::Object(object) => {
            let pairs = object.iter().filter_map(|(key, value)| pair(key, value.expr()));
            Content::Map(pairs.collect())
        }
        Expression::Parenthesis(inner) => value(inner.inner())?.content,
        other => Content::Text(scalar(other)),
    };
    Some(Value { range, content })
}

fn pair(key: &ObjectKey, expression: &Expression) -> Option<Entry> {
    let (name, key_range) = match key {
        ObjectKey::Ident(name) => (Some(name.as_str().to_owned()), place(name)?),
        ObjectKey::Expression(expression) => (expression.as_str().map(str::to_owned), place(expression)?),
    };
    Some(Entry { key: name, key_range, value: value(expression)? })
}

fn scalar(expression: &Expression) -> Vec<Piece> {
    match expression {
        Expression::Bool(value) => vec![Piece::Text(value.to_string())],
        Expression::Number(value) => vec![Piece::Text(value.to_string())],
        Expression::String(text) => vec![Piece::Text(text.as_str().to_owned())],
        Expression::StringTemplate(template) => elements(template.iter()),
        Expression::HeredocTemplate(heredoc) => pieces(&heredoc.template),
        Expression::Variable(_) | Expression::Traversal(_) => {
            vec![reference(expression).map_or(Piece::Computed, Piece::Reference)]
        }
        _ => vec![Piece::Computed],
    }
}

fn pieces(template: &Template) -> Vec<Piece> {
    elements(template.iter())
}

fn elements<'t>(elements: impl Iterator<Item = &'t Element>) -> Vec<Piece> {
    let piece = |element: &Element| match element {
        Element::Literal(text) => Piece::Text(text.as_str().to_owned()),
        Element::Interpolation(interpolation) => match scalar(&interpolation.expr).as_slice() {
            [piece] => piece.clone(),
            _ => Piece::Computed,
        },
        Element::Directive(_) => Piece::Computed,
    };
    elements.map(piece).collect()
}

/// `NAME` and `NAME.part`.
fn reference(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Variable(name) => Some(name.as_str().to_owned()),
        Expression::Traversal(traversal) => {
            let mut path = reference(&traversal.expr)?;
            for operator in &traversal.operators {
                let part = match operator.value() {
                    TraversalOperator::GetAttr(name) => name.as_str().to_owned(),
                    TraversalOperator::Index(Expression::String(key)) => key.as_str().to_owned(),
                    _ => return None,
                };
                path.push('.');
                path.push_str(&part);
            }
            Some(path)
        }
        _ => None,
    }
}

fn place(node: &impl Span) -> Option<TextRange> {
    node.span().map(|span| range(span.start, span.end))
}
