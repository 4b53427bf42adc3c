use super::joined;
use crate::source::{TextRange, range, size};
use crate::syntax::dockerfile::lex::flags::decode;
use crate::syntax::dockerfile::{Mount, SyntaxNode};

/// One flag, such as `--mount=type=ssh` or `--link`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// From the first hyphen to the end of the value, quotes included.
    pub range: TextRange,
    /// The name without the hyphens; letter case matters.
    pub name: String,
    /// What stands behind the first `=`, without quotes and escapes.
    pub value: Option<String>,
    /// The value as written.
    pub value_range: Option<TextRange>,
}

impl Flag {
    /// The mount, if this is a `--mount` with a CSV record.
    #[must_use]
    pub fn mount(&self) -> Option<Mount> {
        if self.name == "mount" { Mount::parse(self.value.as_deref()?) } else { None }
    }
}

pub(super) fn read(node: &SyntaxNode, escape: char) -> Flag {
    let view = joined::node(node);
    let decoded = decode(view.text(), escape);
    let (name, value) = decoded.parts();
    let value_range = decoded.equals.and_then(|(_, written)| {
        let (start, end) = (written + 1, view.text().len());
        if start < end { view.host_range(range(start, end)) } else { view.host_offset(size(end)).map(TextRange::empty) }
    });
    Flag { range: node.text_range(), name: name.to_owned(), value: value.map(str::to_owned), value_range }
}
