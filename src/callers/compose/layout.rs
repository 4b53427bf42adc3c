use super::service::Service;
use crate::callers::yaml::{Content, Document, Entry, Node, Patch};

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// By how many columns a mapping inside a mapping is indented.
    pub mapping: usize,
    /// By how many columns the dashes of a sequence inside a mapping are indented; 0 is common.
    pub sequence: usize,
    /// Whether blank lines separate parts of the file.
    pub airy: bool,
}

impl Layout {
    /// The layout around `service`, else of the whole file, else two columns for everything.
    pub(super) fn of(patch: &Patch<'_>, documents: &[Document], service: Service<'_>) -> Self {
        let step = |entry: &Entry| {
            let inner = patch.column(entry.value.range.start());
            inner.checked_sub(patch.column(entry.key_range.start()))
        };
        let mapping = service.root.node().as_mapping().and_then(|root| {
            let blocks = root.entries.iter().filter(|entry| entry.value.as_mapping().is_some_and(|inner| !inner.flow));
            blocks.filter_map(step).find(|step| *step > 0)
        });
        let mut all = documents.iter().map(|document| &document.root);
        let sequence =
            first_sequence(service.body.node(), &step).or_else(|| all.find_map(|root| first_sequence(root, &step)));
        let mapping = mapping.unwrap_or(2);
        Self { mapping, sequence: sequence.unwrap_or(mapping), airy: patch.has_blank_lines() }
    }
}

/// The indentation of the first block sequence below `node` that is the value of a key.
fn first_sequence(node: &Node, step: &dyn Fn(&Entry) -> Option<usize>) -> Option<usize> {
    let Content::Mapping(mapping) = &node.content else {
        return node.children().find_map(|child| first_sequence(child, step));
    };
    mapping.entries.iter().find_map(|entry| match entry.value.as_sequence() {
        Some(sequence) if !sequence.flow => step(entry),
        _ => first_sequence(&entry.value, step),
    })
}
