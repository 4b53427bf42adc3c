//! Taking members out of a collection under one key of a mapping, and putting others under another key.

use super::append::Members;
use super::patch::Patch;
use super::tree::{Content, Document, Entry, Node};
use crate::source::Edit;

impl Patch<'_> {
    /// Takes the members at the places `gone` (zero-based, ascending) out of the collection under the key `from` of the mapping
    /// `parent`, and puts `members` under its key `to`. A key with nothing left goes; a key that is missing comes behind `from`,
    /// its lines `step` columns right of it. `None` where the layout does not allow it.
    #[must_use]
    pub fn exchange(
        &mut self,
        parent: &Node,
        from: &str,
        gone: &[usize],
        to: &str,
        members: &Members,
        step: usize,
    ) -> Option<()> {
        let mapping = parent.as_mapping()?;
        let (place, old) = mapping.find(from)?;
        let known = mapping.find(to).map(|(_, entry)| entry);
        let new_key = known.is_none() && !members.block.is_empty();
        if gone.is_empty() {
            // The members come beside those that are there.
        } else if old.value.children().count() > gone.len() {
            self.remove_members(&old.value, gone)?;
        } else if mapping.flow && new_key {
            self.replace(old.range(), &format!("{to}: [{}]", members.flow));
            return Some(());
        } else {
            // A mapping without any entry would mean another thing.
            (mapping.entries.len() > 1 || new_key).then_some(())?;
            self.remove_members(parent, &[place])?;
        }
        match known {
            _ if members.block.is_empty() => {}
            Some(entry) => self.append_to_entry(entry, members, step)?,
            None if mapping.flow => {
                self.push(Edit::insert(old.range().end(), format!(", {to}: [{}]", members.flow)));
            }
            None => self.insert_entry(mapping, to, members, old.range(), step),
        }
        Some(())
    }

    /// By how many columns the dashes of a list inside a mapping are indented: as in `near`, else as anywhere in the file.
    #[must_use]
    pub fn step_of_lists(&self, documents: &[Document], near: &Node) -> Option<usize> {
        let mut all = documents.iter().map(|document| &document.root);
        self.first_list(near).or_else(|| all.find_map(|root| self.first_list(root)))
    }

    fn first_list(&self, node: &Node) -> Option<usize> {
        let Content::Mapping(mapping) = &node.content else {
            return node.children().find_map(|child| self.first_list(child));
        };
        let step =
            |entry: &Entry| self.column(entry.value.range.start()).checked_sub(self.column(entry.key_range.start()));
        mapping.entries.iter().find_map(|entry| match entry.value.as_sequence() {
            Some(sequence) if !sequence.flow => step(entry),
            _ => self.first_list(&entry.value),
        })
    }
}
