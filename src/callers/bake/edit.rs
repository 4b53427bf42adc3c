//! Edits of a bake file, in whole lines wherever its entries have lines of their own.

use super::file::{Block, Content, Entry, Syntax, Value};
use crate::source::{Edit, Source, TextRange, TextSize, range, size, slice};

/// Edits that are being put together. Each step gives `None`, and no edit, where the layout does not allow it.
pub(super) struct Patch<'t> {
    text: &'t str,
    newline: &'static str,
    syntax: Syntax,
    edits: Vec<Edit>,
}

impl<'t> Patch<'t> {
    pub(super) fn new(source: &'t Source, syntax: Syntax) -> Self {
        Self { text: source.text(), newline: source.style().newline.as_str(), syntax, edits: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Edit> {
        self.edits
    }

    /// Several insertions at one place would collide; they follow each other instead.
    fn put(&mut self, offset: TextSize, text: String) {
        let at = TextRange::empty(offset);
        match self.edits.iter_mut().find(|edit| edit.range() == at) {
            Some(edit) => edit.text.push_str(&text),
            None => self.edits.push(Edit::insert(offset, text)),
        }
    }

    /// Takes the pairs `gone`, zero-based and ascending, out of the `args` of `block`, and `args` itself where nothing is
    /// left. Puts `lists`, entries and their new items, into the block.
    pub(super) fn rewrite(&mut self, block: &Block, gone: &[usize], lists: &[(&str, &[Item])]) -> Option<()> {
        let args = block.get("args");
        let empties = args.is_some_and(|args| !gone.is_empty() && args.value.entries().len() == gone.len());
        let new: Vec<_> = lists.iter().filter(|(key, items)| !items.is_empty() && block.get(key).is_none()).collect();
        for (key, items) in lists.iter().filter(|(_, items)| !items.is_empty()) {
            if let Some(entry) = block.get(key) {
                self.append(&entry.value, items)?;
            }
        }
        match args {
            Some(args) if empties => match new.as_slice() {
                [] => self.remove(
                    &block.entries.iter().map(Entry::range).collect::<Vec<_>>(),
                    &[position(block, args)?],
                    self.syntax == Syntax::Json,
                )?,
                [(key, items), rest @ ..] => {
                    let written = self.entry(key, items, args);
                    let more = rest.iter().map(|(key, items)| self.entry(key, items, args));
                    let all: Vec<String> = std::iter::once(written).chain(more).collect();
                    let text = all.join(&self.between(args)?);
                    self.edits.push(Edit::replace(args.range(), text));
                }
            },
            _ => {
                if let Some(args) = args.filter(|_| !gone.is_empty()) {
                    let pairs: Vec<TextRange> = args.value.entries().iter().map(Entry::range).collect();
                    self.remove(&pairs, gone, false)?;
                }
                for (key, items) in new {
                    self.insert(block, key, items)?;
                }
            }
        }
        Some(())
    }

    /// Adds an entry behind `args`, or behind the last one.
    fn insert(&mut self, block: &Block, key: &str, items: &[Item]) -> Option<()> {
        let near = block.get("args").or(block.entries.last())?;
        let written = self.entry(key, items, near);
        if self.syntax == Syntax::Json {
            let text = format!("{}{written}", self.between(near)?);
            self.put(near.range().end(), text);
            return Some(());
        }
        let indentation = self.indentation(near.key_range.start())?;
        let (end, behind) = self.rest_of_line(near.range().end());
        // A comment may stand there, the end of the block may not.
        (behind.is_empty() || behind.starts_with(['#', '/'])).then_some(())?;
        self.put(size(end), format!("{}{indentation}{written}", self.newline));
        Some(())
    }

    /// What stands between two entries like `near`.
    fn between(&self, near: &Entry) -> Option<String> {
        match (self.syntax, self.indentation(near.key_range.start())) {
            (Syntax::Json, Some(indentation)) => Some(format!(",{}{indentation}", self.newline)),
            (Syntax::Json, None) => Some(", ".to_owned()),
            (Syntax::Hcl, Some(indentation)) => Some(format!("{}{indentation}", self.newline)),
            (Syntax::Hcl, None) => None,
        }
    }

    /// `secret = […]` with its equals sign below that of `near`.
    fn entry(&self, key: &str, items: &[Item], near: &Entry) -> String {
        let items: Vec<String> = items.iter().map(Item::text).collect();
        let list = items.join(", ");
        if self.syntax == Syntax::Json {
            return format!("\"{key}\": [{list}]");
        }
        let rest = self.text.get(usize::from(near.key_range.end())..).unwrap_or("");
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let width = if blanks > 1 { usize::from(near.key_range.len()) + blanks - 1 } else { 0 };
        format!("{key:width$} = [{list}]")
    }

    /// Adds items behind the last one of a list, written as that one is.
    fn append(&mut self, list: &Value, items: &[Item]) -> Option<()> {
        let Content::List(members) = &list.content else { return None };
        let Some(last) = members.last() else {
            let text = items.iter().map(Item::text).collect::<Vec<_>>().join(", ");
            self.edits.push(Edit::replace(list.range, format!("[{text}]")));
            return Some(());
        };
        let objects = matches!(last.content, Content::Map(_));
        let text = |item: &Item| if objects { item.object(self.syntax) } else { item.text() };
        let Some(indentation) = self.indentation(last.range.start()) else {
            let text: String = items.iter().map(|item| format!(", {}", text(item))).collect();
            self.put(last.range.end(), text);
            return Some(());
        };
        let (end, behind) = self.rest_of_line(last.range.end());
        let ended = behind.starts_with(',');
        let comment = behind.trim_start_matches(',').trim_start();
        (comment.is_empty() || comment.starts_with(['#', '/'])).then_some(())?;
        let lines: Vec<String> = items.iter().map(|item| format!("{indentation}{}", text(item))).collect();
        let lines =
            format!("{}{}{}", self.newline, lines.join(&format!(",{}", self.newline)), if ended { "," } else { "" });
        if !ended && size(end) == last.range.end() {
            self.put(last.range.end(), format!(",{lines}"));
            return Some(());
        }
        if !ended {
            self.put(last.range.end(), ",".to_owned());
        }
        self.put(size(end), lines);
        Some(())
    }

    /// Takes members out of what has them in a row; `all` says whether none may be left.
    fn remove(&mut self, members: &[TextRange], gone: &[usize], all: bool) -> Option<()> {
        let last_kept = (0..members.len()).rev().find(|index| !gone.contains(index));
        if last_kept.is_none() && !all && self.syntax == Syntax::Json {
            return None;
        }
        for index in gone {
            let at = *members.get(*index)?;
            match self.own_lines(at) {
                Some(lines) => self.edits.push(Edit::delete(lines)),
                None => {
                    let next = members.get(index + 1).map(|next| TextRange::new(at.start(), next.start()));
                    let before = || Some(TextRange::new(members.get(index.checked_sub(1)?)?.end(), at.end()));
                    let whole = next.or_else(before)?;
                    let rest =
                        [range(whole.start().into(), at.start().into()), range(at.end().into(), whole.end().into())];
                    let plain =
                        |at: &TextRange| slice(self.text, *at).chars().all(|char| char == ',' || char.is_whitespace());
                    rest.iter().all(plain).then_some(())?;
                    self.edits.push(Edit::delete(whole));
                }
            }
        }
        // In JSON no comma may stand behind the last member.
        if let (Syntax::Json, Some(kept)) = (self.syntax, last_kept.filter(|kept| kept + 1 < members.len())) {
            let end = usize::from(members.get(kept)?.end());
            let comma = end + self.text.get(end..)?.find(',')?;
            let at = range(comma, comma + 1);
            if !self.edits.iter().any(|edit| edit.range().contains_range(at)) {
                self.edits.push(Edit::delete(at));
            }
        }
        Some(())
    }

    /// The lines of `at`, where nothing else stands in them but a comma and a comment.
    fn own_lines(&self, at: TextRange) -> Option<TextRange> {
        self.indentation(at.start())?;
        let (end, behind) = self.rest_of_line(at.end());
        let behind = behind.trim_start_matches(',').trim_start();
        (behind.is_empty() || behind.starts_with('#') || behind.starts_with("//")).then_some(())?;
        let start = self.text.get(..usize::from(at.start()))?.rfind('\n').map_or(0, |found| found + 1);
        let newline = self.text.get(end..)?.find('\n').map_or(self.text.len(), |found| end + found + 1);
        Some(range(start, newline))
    }

    /// What stands before `offset` in its line, where that is only blanks.
    fn indentation(&self, offset: TextSize) -> Option<&'t str> {
        let before = self.text.get(..usize::from(offset))?;
        let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
        line.trim().is_empty().then_some(line)
    }

    /// Where the line of `offset` ends, without its line break, and what stands there behind `offset`.
    fn rest_of_line(&self, offset: TextSize) -> (usize, &'t str) {
        let start = usize::from(offset);
        let rest = self.text.get(start..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("").trim_end();
        (start + line.len(), line.trim_start())
    }
}

fn position(block: &Block, entry: &Entry) -> Option<usize> {
    block.entries.iter().position(|other| other == entry)
}

/// A new member of `secret` or `ssh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// Its fields: `id` and `env` or `src`; `id` and `paths` of an ssh agent.
    pub fields: [(&'static str, String); 2],
}

impl Item {
    /// A secret from an environment variable.
    pub(super) fn variable(id: &str, variable: &str) -> Self {
        Self { fields: [("id", id.to_owned()), ("env", variable.to_owned())] }
    }

    /// A secret from a file.
    pub(super) fn file(id: &str, path: &str) -> Self {
        Self { fields: [("id", id.to_owned()), ("src", path.to_owned())] }
    }

    /// An agent that is filled with a key file.
    pub(super) fn agent(path: &str) -> Self {
        Self { fields: [("id", "default".to_owned()), ("paths", path.to_owned())] }
    }

    /// The item as a text in quotes.
    pub(super) fn text(&self) -> String {
        let [(_, id), (key, value)] = &self.fields;
        if *key == "paths" { format!("\"{id}={value}\"") } else { format!("\"id={id},{key}={value}\"") }
    }

    /// The item as an object (buildx 0.20 and later).
    fn object(&self, syntax: Syntax) -> String {
        let quoted = |(key, value): &(&'static str, String)| {
            let value = if *key == "paths" { format!("[\"{value}\"]") } else { format!("\"{value}\"") };
            match syntax {
                Syntax::Hcl => format!("{key} = {value}"),
                Syntax::Json => format!("\"{key}\": {value}"),
            }
        };
        let fields: Vec<String> = self.fields.iter().map(quoted).collect();
        let fields = fields.join(", ");
        if syntax == Syntax::Hcl { format!("{{ {fields} }}") } else { format!("{{{fields}}}") }
    }
}
