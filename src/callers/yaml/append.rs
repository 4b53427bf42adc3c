use super::patch::Patch;
use super::tree::{Content, Entry, Mapping, Node};
use crate::source::{Edit, TextRange};

/// New pairs of a mapping or members of a sequence, in both ways in which they may have to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// The lines of a block, without the indentation of the whole.
    pub block: Vec<String>,
    /// What stands between braces or brackets.
    pub flow: String,
}

impl Members {
    /// One line each, which is also how they stand between braces; `dash` makes members of a sequence of them.
    #[must_use]
    pub fn of_lines(lines: &[String], dash: bool) -> Self {
        let block = lines.iter().map(|line| if dash { format!("- {line}") } else { line.clone() });
        Self { block: block.collect(), flow: lines.join(", ") }
    }

    /// The lines of the block with `column` blanks in front.
    #[must_use]
    pub fn indented(&self, column: usize) -> Vec<String> {
        self.block.iter().map(|line| format!("{}{line}", " ".repeat(column))).collect()
    }
}

impl Patch<'_> {
    /// Adds `members` behind the last one of `node`, which is a mapping or a sequence. `None`, and no edit, for anything
    /// else.
    #[must_use]
    pub fn append_members(&mut self, node: &Node, members: &Members) -> Option<()> {
        let (flow, last, brackets) = match &node.content {
            Content::Mapping(mapping) => (mapping.flow, mapping.entries.last().map(Entry::range), ('{', '}')),
            Content::Sequence(sequence) => (sequence.flow, sequence.items.last().map(|item| item.range), ('[', ']')),
            Content::Scalar(_) | Content::Alias(_) => return None,
        };
        match last {
            None => self.replace(node.range, &format!("{}{}{}", brackets.0, members.flow, brackets.1)),
            Some(last) if flow => self.push(Edit::insert(last.end(), format!(", {}", members.flow))),
            Some(last) => {
                let column = self.column(node.range.start());
                self.insert_behind(last, &members.indented(column));
            }
        }
        Some(())
    }

    /// Adds `members` to the value of `entry`, which may still be missing (`key:`); then its lines stand `step` columns
    /// right of the key.
    #[must_use]
    pub fn append_to_entry(&mut self, entry: &Entry, members: &Members, step: usize) -> Option<()> {
        if !entry.value.is_null() {
            return self.append_members(&entry.value, members);
        }
        // `key: null` would be followed by lines that make no sense.
        if !entry.value.range.is_empty() {
            return None;
        }
        let column = self.column(entry.key_range.start()) + step;
        self.insert_behind(entry.range(), &members.indented(column));
        Some(())
    }

    /// Adds the pair `key` with the value `members` to `mapping`, behind the pair or the place `behind`. The lines of the
    /// value stand `step` columns right of the key.
    pub fn insert_entry(&mut self, mapping: &Mapping, key: &str, members: &Members, behind: TextRange, step: usize) {
        let column = mapping.entries.first().map_or(0, |first| self.column(first.key_range.start()));
        let mut lines = vec![format!("{}{key}:", " ".repeat(column))];
        lines.extend(members.indented(column + step));
        self.insert_behind(behind, &lines);
    }
}
