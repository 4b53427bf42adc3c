use std::fmt;

use yaml_edit::{YamlFile, YamlNode};

use super::tree::{Content, Document, Entry, Mapping, Node, Scalar, Sequence, Style};
use crate::source::{TextRange, range, size, slice};

/// Why a text can't be read as YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where the first problem is, in bytes of the text.
    pub range: TextRange,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file is not valid YAML")
    }
}

impl std::error::Error for Unreadable {}

/// The deepest indentation, and the most brackets inside each other, that are read. The library takes time with the cube
/// of the depth (measured: 4 minutes at 2,700 levels), and no person writes such a file.
const MAXIMUM_DEPTH: usize = 400;

/// The documents of `text`.
///
/// # Errors
/// [`Unreadable`] where the text is not YAML (a template, a half-written file), or is nested too deeply.
pub fn read(text: &str) -> Result<Vec<Document>, Unreadable> {
    if let Some(line) = too_deep(text) {
        return Err(Unreadable { range: line });
    }
    let parse = YamlFile::parse(text);
    if let Some(error) = parse.positioned_errors().first() {
        return Err(Unreadable { range: range(error.range.start as usize, error.range.end as usize) });
    }
    let reader = Reader { text };
    Ok(parse.tree().documents().filter_map(|document| reader.document(&document)).collect())
}

/// The first line that is indented, or opens brackets, beyond [`MAXIMUM_DEPTH`].
fn too_deep(text: &str) -> Option<TextRange> {
    let (mut start, mut open) = (0, 0_usize);
    for line in text.split_inclusive('\n') {
        let indentation = line.len() - line.trim_start_matches([' ', '-', '?']).len();
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                _ => {}
            }
        }
        // A rule of dashes in a comment or a script is deep in no sense.
        let indented = indentation > MAXIMUM_DEPTH && line.len() > indentation + 1;
        if indented || open > MAXIMUM_DEPTH {
            return Some(range(start, start + line.len()));
        }
        start += line.len();
    }
    None
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn document(&self, document: &yaml_edit::Document) -> Option<Document> {
        let root = (document.as_mapping().map(YamlNode::Mapping))
            .or_else(|| document.as_sequence().map(YamlNode::Sequence))
            .or_else(|| document.as_tagged().map(YamlNode::TaggedNode))
            .or_else(|| document.as_scalar().map(YamlNode::Scalar))?;
        let start = document.byte_range().start as usize;
        Some(Document { root: self.node(&root, start) })
    }

    /// `bound` is the end of what stands before the node, so that its anchor lies between the two.
    fn node(&self, node: &YamlNode, bound: usize) -> Node {
        let at = node.byte_range();
        let at = range(at.start as usize, at.end as usize);
        match node {
            YamlNode::Scalar(scalar) => self.scalar(scalar, at, bound),
            YamlNode::Alias(alias) => {
                Node { range: self.trimmed(at), anchor: None, content: Content::Alias(alias.name()) }
            }
            YamlNode::Mapping(mapping) => self.mapping(mapping, at, bound),
            YamlNode::Sequence(sequence) => self.sequence(sequence, at, bound),
            YamlNode::TaggedNode(tagged) => {
                let inner = (tagged.as_mapping().map(YamlNode::Mapping))
                    .or_else(|| tagged.as_sequence().map(YamlNode::Sequence))
                    .or_else(|| tagged.value().map(YamlNode::Scalar));
                inner.map_or_else(|| missing(at), |inner| self.node(&inner, bound))
            }
        }
    }

    fn scalar(&self, scalar: &yaml_edit::Scalar, at: TextRange, bound: usize) -> Node {
        let range = self.trimmed(at);
        let style = match slice(self.text, range).as_bytes().first() {
            None => Style::Missing,
            Some(b'\'') => Style::Single,
            Some(b'"') => Style::Double,
            Some(b'|') => Style::Literal,
            Some(b'>') => Style::Folded,
            Some(_) => Style::Plain,
        };
        let content = Content::Scalar(Scalar { text: scalar.as_string(), style });
        Node { range, anchor: self.anchor(bound, at), content }
    }

    fn mapping(&self, mapping: &yaml_edit::Mapping, at: TextRange, bound: usize) -> Node {
        let flow = slice(self.text, at).starts_with('{');
        let entries: Vec<Entry> = mapping.entries().filter_map(|entry| self.entry(&entry)).collect();
        let range = match (entries.first(), entries.last()) {
            (Some(first), Some(last)) if !flow => first.range().cover(last.range()),
            _ => self.trimmed(at),
        };
        Node { range, anchor: self.anchor(bound, range), content: Content::Mapping(Mapping { flow, entries }) }
    }

    fn entry(&self, entry: &yaml_edit::MappingEntry) -> Option<Entry> {
        let key = entry.key_node()?;
        let at = key.byte_range();
        let key_range = self.trimmed(range(at.start as usize, at.end as usize));
        let text = match &key {
            YamlNode::Scalar(scalar) => scalar.as_string(),
            _ => slice(self.text, key_range).to_owned(),
        };
        let end = usize::from(key_range.end());
        let value = match entry.value_node() {
            Some(value) => self.node(&value, end),
            None => missing(range(end, end)),
        };
        Some(Entry { key: text, key_range, value })
    }

    fn sequence(&self, sequence: &yaml_edit::Sequence, at: TextRange, bound: usize) -> Node {
        let flow = slice(self.text, at).starts_with('[');
        let mut end = usize::from(at.start());
        let mut items = Vec::new();
        for value in sequence.values() {
            let item = self.node(&value, end);
            end = item.range.end().into();
            items.push(item);
        }
        let range = if flow { self.trimmed(at) } else { range(at.start().into(), end) };
        Node { range, anchor: self.anchor(bound, range), content: Content::Sequence(Sequence { flow, items }) }
    }

    /// The library gives a block the line breaks and comments behind it; an edit must not.
    fn trimmed(&self, at: TextRange) -> TextRange {
        let text = slice(self.text, at);
        TextRange::at(at.start(), size(text.trim_end().len()))
    }

    fn anchor(&self, bound: usize, node: TextRange) -> Option<String> {
        let before = slice(self.text, range(bound, node.start().into()));
        before.lines().find_map(|line| {
            let words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
            words.filter_map(|word| word.strip_prefix('&')).next().map(str::to_owned)
        })
    }
}

fn missing(at: TextRange) -> Node {
    let content = Content::Scalar(Scalar { text: String::new(), style: Style::Missing });
    Node { range: at, anchor: None, content }
}
