use super::tree::{Content, Node};
use crate::source::{Edit, Source, TextRange, TextSize, range, size, slice};

/// Edits of one YAML file that are being put together, in whole lines wherever the text is written in blocks.
#[derive(Debug)]
pub struct Patch<'t> {
    text: &'t str,
    newline: &'static str,
    edits: Vec<Edit>,
}

impl<'t> Patch<'t> {
    /// No edit yet of `source`.
    #[must_use]
    pub fn new(source: &'t Source) -> Self {
        Self { text: source.text(), newline: source.style().newline.as_str(), edits: Vec::new() }
    }

    /// The edits.
    #[must_use]
    pub fn finish(self) -> Vec<Edit> {
        self.edits
    }

    /// How many bytes stand before `offset` in its line.
    #[must_use]
    pub fn column(&self, offset: TextSize) -> usize {
        usize::from(offset) - self.line_start(offset)
    }

    /// What stands before `offset` in its line.
    #[must_use]
    pub fn prefix(&self, offset: TextSize) -> &'t str {
        slice(self.text, range(self.line_start(offset), offset.into()))
    }

    /// Replaces `at`; line feeds of `text` are written as the file writes them.
    pub fn replace(&mut self, at: TextRange, text: &str) {
        let text = text.replace('\n', self.newline);
        self.edits.push(Edit::replace(at, text));
    }

    /// Takes over an edit made elsewhere.
    pub fn push(&mut self, edit: Edit) {
        if edit.range().is_empty() { self.insert(edit.range().start(), edit.text) } else { self.edits.push(edit) }
    }

    /// Removes every line that `at` touches.
    pub fn remove_lines(&mut self, at: TextRange) {
        let (mut start, end) = (self.line_start(at.start()), self.line_end(at.end()));
        if end == self.text.len() && !self.text.ends_with('\n') {
            let before = self.text.get(..start).unwrap_or("");
            start = before.strip_suffix('\n').map_or(start, |text| text.strip_suffix('\r').unwrap_or(text).len());
        }
        self.edits.push(Edit::delete(range(start, end)));
    }

    /// Puts `lines` behind the line in which `at` ends.
    pub fn insert_behind(&mut self, at: TextRange, lines: &[String]) {
        let end = self.line_end(at.end());
        let body = lines.join(self.newline);
        let ended = end > 0 && self.text.as_bytes().get(end - 1) == Some(&b'\n');
        let text = if ended { format!("{body}{}", self.newline) } else { format!("{}{body}", self.newline) };
        self.insert(size(end), text);
    }

    /// Puts `lines` before the line in which `offset` lies.
    pub fn insert_before(&mut self, offset: TextSize, lines: &[String]) {
        let text = lines.iter().map(|line| format!("{line}{}", self.newline)).collect();
        self.insert(size(self.line_start(offset)), text);
    }

    /// Puts a top-level section behind everything if `last` is the last section of the text, else behind `last`; with a
    /// blank line before it if the file is `airy`.
    pub fn append_section(&mut self, last: TextRange, lines: &[String], airy: bool) {
        let behind = self.text.get(self.line_end(last.end())..).unwrap_or("");
        let other_document = behind.lines().any(|line| line.starts_with("---") || line.starts_with("..."));
        let end = if other_document { last } else { range(self.text.len(), self.text.len()) };
        let before = self.text.get(..self.line_end(end.end())).unwrap_or("").trim_end_matches([' ', '\t', '\r']);
        let separated = before.strip_suffix('\n').is_some_and(|text| text.trim_end_matches('\r').ends_with('\n'));
        let blank = (airy && !separated).then(String::new);
        let lines: Vec<String> = blank.into_iter().chain(lines.iter().cloned()).collect();
        self.insert_behind(end, &lines);
    }

    /// Whether blank lines separate parts of the text.
    #[must_use]
    pub fn has_blank_lines(&self) -> bool {
        self.text.trim().lines().any(|line| line.trim().is_empty())
    }

    /// Several insertions at one place would collide; they follow each other instead.
    fn insert(&mut self, offset: TextSize, text: String) {
        let at = TextRange::empty(offset);
        match self.edits.iter_mut().find(|edit| edit.range() == at) {
            Some(edit) => edit.text.push_str(&text),
            None => self.edits.push(Edit::insert(offset, text)),
        }
    }

    /// Removes the pairs or members `gone` (zero-based, ascending) of the collection `node`; at least one must stay.
    /// `None`, and no edit, where one shares its line with something else.
    #[must_use]
    pub fn remove_members(&mut self, node: &Node, gone: &[usize]) -> Option<()> {
        let (flow, members): (bool, Vec<TextRange>) = match &node.content {
            Content::Mapping(mapping) => (mapping.flow, mapping.entries.iter().map(|entry| entry.range()).collect()),
            Content::Sequence(sequence) => (sequence.flow, sequence.items.iter().map(|item| item.range).collect()),
            _ => return None,
        };
        if flow {
            return self.remove_flow_members(&members, gone);
        }
        let removed: Vec<TextRange> = gone.iter().map(|index| members.get(*index).copied()).collect::<Option<_>>()?;
        if !removed.iter().all(|at| self.is_alone(*at, node.as_sequence().is_some())) {
            return None;
        }
        removed.into_iter().for_each(|at| self.remove_lines(at));
        Some(())
    }

    /// A member goes with the comma behind it; the last ones go with the comma before them.
    fn remove_flow_members(&mut self, members: &[TextRange], gone: &[usize]) -> Option<()> {
        let last_kept = (0..members.len()).rev().find(|index| !gone.contains(index))?;
        for index in gone.iter().copied().filter(|index| *index < last_kept) {
            let next = members.get(index + 1)?;
            self.edits.push(Edit::delete(TextRange::new(members.get(index)?.start(), next.start())));
        }
        if last_kept + 1 < members.len() {
            self.edits.push(Edit::delete(TextRange::new(members.get(last_kept)?.end(), members.last()?.end())));
        }
        Some(())
    }

    /// Whether the lines of `at` hold nothing else, apart from the dash of a member and a comment.
    #[must_use]
    pub fn is_alone(&self, at: TextRange, member: bool) -> bool {
        let before = self.prefix(at.start()).trim_start();
        let behind = slice(self.text, range(at.end().into(), self.line_end(at.end()))).trim();
        let before_fits = if member { before.trim_end() == "-" } else { before.is_empty() };
        before_fits && (behind.is_empty() || behind.starts_with('#'))
    }

    /// Whether nothing, not even a comment, stands behind `at` in its line.
    #[must_use]
    pub fn ends_its_line(&self, at: TextRange) -> bool {
        slice(self.text, range(at.end().into(), self.line_end(at.end()))).trim().is_empty()
    }

    fn line_start(&self, offset: TextSize) -> usize {
        let before = self.text.get(..usize::from(offset)).unwrap_or("");
        before.rfind('\n').map_or(0, |at| at + 1)
    }

    /// Behind the line feed of the line in which `offset` lies, or the end of the text.
    fn line_end(&self, offset: TextSize) -> usize {
        let behind = self.text.get(usize::from(offset)..).unwrap_or("");
        behind.find('\n').map_or(self.text.len(), |at| usize::from(offset) + at + 1)
    }
}
