use crate::source::TextRange;

/// One document of a YAML file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its outermost node.
    pub root: Node,
}

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// From its first to its last byte, without anchor and tag, comments and blank lines around it.
    pub range: TextRange,
    /// The name behind `&`.
    pub anchor: Option<String>,
    /// What it is.
    pub content: Content,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text, a number, a null.
    Scalar(Scalar),
    /// `key: value` pairs.
    Mapping(Mapping),
    /// A list.
    Sequence(Sequence),
    /// `*name`
    Alias(String),
}

/// A scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its value with quotes, escapes, indentation and folding resolved.
    pub text: String,
    /// How it is written.
    pub style: Style,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Not at all: `key:`.
    Missing,
    /// Without quotes.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Whether it is written in braces.
    pub flow: bool,
    /// Its pairs in order, merge keys (`<<`) among them.
    pub entries: Vec<Entry>,
}

/// One pair of a [`Mapping`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key's value.
    pub key: String,
    /// Where the key stands.
    pub key_range: TextRange,
    /// The value.
    pub value: Node,
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Whether it is written in brackets.
    pub flow: bool,
    /// Its members in order.
    pub items: Vec<Node>,
}

impl Entry {
    /// From the first byte of the key to the last of the value.
    #[must_use]
    pub fn range(&self) -> TextRange {
        self.key_range.cover(self.value.range)
    }
}

impl Mapping {
    /// The pair of `key` that is written in this mapping itself, and its zero-based place.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<(usize, &Entry)> {
        self.entries.iter().enumerate().find(|(_, entry)| entry.key == key)
    }
}

impl Node {
    /// The scalar, if it is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        if let Content::Scalar(scalar) = &self.content { Some(scalar) } else { None }
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        if let Content::Mapping(mapping) = &self.content { Some(mapping) } else { None }
    }

    /// The sequence, if it is one.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&Sequence> {
        if let Content::Sequence(sequence) = &self.content { Some(sequence) } else { None }
    }

    /// Whether it says nothing: a missing value, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| match scalar.style {
            Style::Missing => true,
            Style::Plain => matches!(scalar.text.as_str(), "~" | "null" | "Null" | "NULL"),
            _ => false,
        })
    }

    /// The nodes directly inside.
    pub fn children(&self) -> Box<dyn Iterator<Item = &Node> + '_> {
        match &self.content {
            Content::Mapping(mapping) => Box::new(mapping.entries.iter().map(|entry| &entry.value)),
            Content::Sequence(sequence) => Box::new(sequence.items.iter()),
            Content::Scalar(_) | Content::Alias(_) => Box::new(std::iter::empty()),
        }
    }
}
