//! JSON, with or without comments, as strings with places. A library reads the text; nothing is ever printed through it.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Refusal, Rewrite};
use crate::source::{Source, TextRange, apply_edits, range, slice};
use crate::syntax::view::{Quoting, View};

/// Calls `take` with the outermost object of `text`, where it is one.
pub(super) fn with_root<T>(text: &str, take: impl FnOnce(&Object<'_>) -> T) -> Option<T> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok()?;
    match parsed.value? {
        Value::Object(root) => Some(take(&root)),
        _ => None,
    }
}

/// Where `node` stands.
pub(super) fn place(node: &impl Ranged) -> TextRange {
    let at = node.range();
    range(at.start, at.end)
}

/// The strings of the object under `key` of the outermost one, as views with their own keys; those of a list have the
/// list's.
pub(super) fn strings_of(text: &str, key: &str) -> Vec<(String, View)> {
    let views = |root: &Object<'_>| -> Vec<(String, View)> {
        let properties = root.get_object(key).map(|object| object.properties.as_slice()).unwrap_or_default();
        let values = properties.iter().flat_map(|property| {
            let values: Vec<&Value<'_>> = match &property.value {
                Value::Array(list) => list.elements.iter().collect(),
                value => vec![value],
            };
            values.into_iter().map(|value| (property.name.as_str().to_owned(), value))
        });
        values.filter_map(|(name, value)| Some((name, view(text, value)?))).collect()
    };
    with_root(text, views).unwrap_or_default()
}

/// The value of a string as a view; `None` for anything else, and where an escape can't be read.
pub(super) fn view(text: &str, value: &Value<'_>) -> Option<View> {
    let at = place(value.as_string_lit()?);
    let start = usize::from(at.start()) + 1;
    let mut rest = slice(text, range(start, usize::from(at.end()).checked_sub(1)?));
    let mut view = View::new(Quoting::Json);
    let mut at = start;
    while let Some(char) = rest.chars().next() {
        let (decoded, length) = if char == '\\' { escape(rest)? } else { (char, char.len_utf8()) };
        view.push(decoded.encode_utf8(&mut [0; 4]), range(at, at + length));
        at += length;
        rest = rest.get(length..)?;
    }
    Some(view)
}

/// The character that an escape stands for (RFC 8259, section 7), and its length in bytes.
fn escape(rest: &str) -> Option<(char, usize)> {
    let simple = |char| Some((char, 2));
    match rest.as_bytes().get(1)? {
        b'n' => simple('\n'),
        b't' => simple('\t'),
        b'r' => simple('\r'),
        b'"' => simple('"'),
        b'\\' => simple('\\'),
        b'/' => simple('/'),
        b'u' => Some((char::from_u32(u32::from_str_radix(rest.get(2..6)?, 16).ok()?)?, 6)),
        _ => None,
    }
}

/// `rewrite`, if the edited file is still JSON, and has the same text in every place that no edit is in.
///
/// # Errors
/// A [`Refusal`] at `at` otherwise.
pub(super) fn same_elsewhere(source: &Source, rewrite: Rewrite, at: TextRange) -> Result<Rewrite, Refusal> {
    let touched = |place: TextRange| rewrite.edits.iter().any(|edit| place.contains_range(edit.range()));
    let same = apply_edits(source.text(), &rewrite.edits).ok().is_some_and(|text| {
        let (before, after) = (leaves(source.text()), leaves(&text));
        before.len() == after.len()
            && before
                .iter()
                .zip(&after)
                .all(|(old, new)| old.way == new.way && (old.text == new.text || touched(old.range)))
    });
    if same {
        return Ok(rewrite);
    }
    let reason = "the file is laid out in a way that can't be edited safely".to_owned();
    Err(Refusal { reason, range: at, instead: None })
}

/// A value that holds no others.
pub(super) struct Leaf {
    /// The keys that lead to it, each behind a slash.
    pub way: String,
    /// As it is written.
    pub text: String,
    /// Where it stands.
    pub range: TextRange,
}

/// All values that hold no others, in the order of the text.
pub(super) fn leaves(text: &str) -> Vec<Leaf> {
    let mut found = Vec::new();
    with_root(text, |root| root.properties.iter().for_each(|one| collect(text, one, "", &mut found)));
    found
}

fn collect(text: &str, property: &ObjectProp<'_>, way: &str, found: &mut Vec<Leaf>) {
    value_leaves(text, &property.value, &format!("{way}/{}", property.name.as_str()), found);
}

fn value_leaves(text: &str, value: &Value<'_>, way: &str, found: &mut Vec<Leaf>) {
    match value {
        Value::Object(object) => object.properties.iter().for_each(|one| collect(text, one, way, found)),
        Value::Array(array) => {
            for (index, element) in array.elements.iter().enumerate() {
                value_leaves(text, element, &format!("{way}/{index}"), found);
            }
        }
        leaf => {
            let range = place(leaf);
            found.push(Leaf { way: way.to_owned(), text: slice(text, range).to_owned(), range });
        }
    }
}
