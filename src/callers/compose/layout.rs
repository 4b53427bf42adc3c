use super::service::Service;
use crate::callers::yaml::{Document, Entry, Patch};

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
        let mapping = mapping.unwrap_or(2);
        let sequence = patch.step_of_lists(documents, service.body.node());
        Self { mapping, sequence: sequence.unwrap_or(mapping), airy: patch.has_blank_lines() }
    }
}
