use super::tree::{Content, Document, Entry, Node, Scalar, Style};
use crate::source::{Edit, TextRange};

/// One step from a node to a node inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The value of this key.
    Key(String),
    /// The zero-based document, or member of a sequence.
    Index(usize),
}

/// The way to a node: first the document, then down from its root.
pub type Path = Vec<Step>;

/// Whether `after` says what `before` says everywhere except at and below the paths in `changed`. A key at such a path
/// may also come or go.
#[must_use]
pub fn same_except(before: &[Document], after: &[Document], changed: &[Path]) -> bool {
    let comparison = Comparison { changed };
    before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .enumerate()
            .all(|(index, (before, after))| comparison.same(&before.root, &after.root, &mut vec![Step::Index(index)]))
}

/// The ways to the innermost nodes that `edits` change.
#[must_use]
pub fn paths_of(documents: &[Document], edits: &[Edit]) -> Vec<Path> {
    let mut paths: Vec<Path> = edits.iter().filter_map(|edit| path_to(documents, edit.range())).collect();
    paths.sort_unstable_by_key(|path| format!("{path:?}"));
    paths.dedup();
    paths
}

/// The way to the innermost node that holds `at`.
#[must_use]
pub fn path_to(documents: &[Document], at: TextRange) -> Option<Path> {
    let holds = |node: &Node| node.range.contains_range(at);
    let (index, document) = documents.iter().enumerate().find(|(_, document)| holds(&document.root))?;
    let mut path = vec![Step::Index(index)];
    let mut node = &document.root;
    loop {
        let inner = match &node.content {
            Content::Mapping(mapping) => {
                let mut entries = mapping.entries.iter();
                entries.find(|entry| holds(&entry.value)).map(|entry| (Step::Key(entry.key.clone()), &entry.value))
            }
            Content::Sequence(sequence) => {
                let mut items = sequence.items.iter().enumerate();
                items.find(|(_, item)| holds(item)).map(|(index, item)| (Step::Index(index), item))
            }
            Content::Scalar(_) | Content::Alias(_) => None,
        };
        let Some((step, next)) = inner else { return Some(path) };
        path.push(step);
        node = next;
    }
}

struct Comparison<'c> {
    changed: &'c [Path],
}

impl Comparison<'_> {
    fn same(&self, before: &Node, after: &Node, path: &mut Path) -> bool {
        if self.changed.contains(path) {
            return true;
        }
        let same_content = match (&before.content, &after.content) {
            (Content::Scalar(before), Content::Scalar(after)) => same_scalar(before, after),
            (Content::Alias(before), Content::Alias(after)) => before == after,
            (Content::Mapping(before), Content::Mapping(after)) => {
                self.same_entries(&before.entries, &after.entries, path)
            }
            (Content::Sequence(before), Content::Sequence(after)) => {
                before.items.len() == after.items.len()
                    && before.items.iter().zip(&after.items).enumerate().all(|(index, (before, after))| {
                        self.inside(Step::Index(index), path, |path| self.same(before, after, path))
                    })
            }
            _ => false,
        };
        same_content && before.anchor == after.anchor
    }

    fn same_entries(&self, before: &[Entry], after: &[Entry], path: &mut Path) -> bool {
        let before: Vec<&Entry> = before.iter().filter(|entry| !self.may_change(entry, path)).collect();
        let after: Vec<&Entry> = after.iter().filter(|entry| !self.may_change(entry, path)).collect();
        before.len() == after.len()
            && before.iter().zip(&after).all(|(before, after)| {
                let step = Step::Key(before.key.clone());
                before.key == after.key && self.inside(step, path, |path| self.same(&before.value, &after.value, path))
            })
    }

    fn may_change(&self, entry: &Entry, path: &mut Path) -> bool {
        self.inside(Step::Key(entry.key.clone()), path, |path| self.changed.contains(path))
    }

    fn inside(&self, step: Step, path: &mut Path, test: impl FnOnce(&mut Path) -> bool) -> bool {
        path.push(step);
        let result = test(path);
        path.pop();
        result
    }
}

/// The line break at the end of a block scalar may depend on whether it is the last thing of the file.
fn same_scalar(before: &Scalar, after: &Scalar) -> bool {
    let block = matches!(before.style, Style::Literal | Style::Folded);
    before.style == after.style
        && (before.text == after.text
            || block && before.text.trim_end_matches('\n') == after.text.trim_end_matches('\n'))
}
