//! Reads HCL's JSON form, in which a block is an object below its kind and name.

use jsonc_parser::ast::{Object, ObjectProp, Value as Json};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::file::{BakeFile, Block, Content, Entry, Piece, Syntax, Value};
use super::hcl::template;
use crate::source::{TextRange, range};

/// What a block can be.
const KINDS: [&str; 4] = ["target", "group", "variable", "function"];

/// The file, where it is JSON.
pub(super) fn read(text: &str) -> Option<BakeFile> {
    let strict = ParseOptions {
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_trailing_commas: false,
        allow_single_quoted_strings: false,
        allow_comments: false,
        ..ParseOptions::default()
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict).ok()?;
    let Json::Object(root) = parsed.value? else { return None };
    let mut file = BakeFile { syntax: Syntax::Json, blocks: Vec::new(), attributes: Vec::new() };
    for property in &root.properties {
        match (KINDS.contains(&property.name.as_str()), &property.value) {
            (true, Json::Object(named)) => {
                file.blocks.extend(named.properties.iter().flat_map(|one| blocks(property, one)))
            }
            _ => file.attributes.push(entry(property)),
        }
    }
    file.blocks.sort_by_key(|block| block.range.start());
    Some(file)
}

/// The block at `named`, or the blocks, where they are listed.
fn blocks(kind: &ObjectProp<'_>, named: &ObjectProp<'_>) -> Vec<Block> {
    let block = |body: &Object<'_>, range: TextRange| Block {
        kind: kind.name.as_str().to_owned(),
        name: named.name.as_str().to_owned(),
        range,
        entries: entries(body),
    };
    match &named.value {
        Json::Object(body) => vec![block(body, place(named))],
        Json::Array(list) => {
            let bodies = list.elements.iter().filter_map(|element| element.as_object());
            bodies.map(|body| block(body, place(body))).collect()
        }
        _ => Vec::new(),
    }
}

fn entries(object: &Object<'_>) -> Vec<Entry> {
    object.properties.iter().map(entry).collect()
}

fn entry(property: &ObjectProp<'_>) -> Entry {
    let value = value(&property.value);
    Entry { key: Some(property.name.as_str().to_owned()), key_range: place(&property.name), value }
}

fn value(json: &Json<'_>) -> Value {
    let content = match json {
        Json::NullKeyword(_) => Content::Null,
        Json::Array(list) => Content::List(list.elements.iter().map(value).collect()),
        Json::Object(object) => Content::Map(entries(object)),
        Json::StringLit(text) => Content::Text(template(&text.value)),
        Json::NumberLit(number) => Content::Text(vec![Piece::Text(number.value.to_owned())]),
        Json::BooleanLit(truth) => Content::Text(vec![Piece::Text(truth.value.to_string())]),
    };
    Value { range: place(json), content }
}

fn place(node: &impl Ranged) -> TextRange {
    let at = node.range();
    range(at.start, at.end)
}
