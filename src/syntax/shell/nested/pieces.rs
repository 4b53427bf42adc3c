use crate::source::{TextRange, TextSize, range, slice};
use crate::syntax::shell::{Part, PartKind, Quote};
use crate::syntax::view::{Quoting, View};

/// The nested text in pieces, each with its range in the outer text.
pub(super) struct Pieces<'t> {
    text: &'t str,
    pieces: Vec<(String, TextRange)>,
    pub(super) outer: Vec<TextRange>,
    length: usize,
    heredoc: bool,
    /// Whether leading tabs go (`<<-`).
    tabs: bool,
}

impl<'t> Pieces<'t> {
    /// The pieces of words of `text`.
    pub(super) fn of_words(text: &'t str) -> Self {
        Self { text, pieces: Vec::new(), outer: Vec::new(), length: 0, heredoc: false, tabs: false }
    }

    /// The pieces of a heredoc's body; `tabs` for `<<-`.
    pub(super) fn of_heredoc(text: &'t str, tabs: bool) -> Self {
        Self { heredoc: true, tabs, ..Self::of_words(text) }
    }

    /// The view of all pieces; `None` where the text is nothing but expansions.
    pub(super) fn view(&self, outer: &View, quoting: Quoting) -> Option<View> {
        if self.pieces.len() == self.outer.len() {
            return None;
        }
        outer.nested(self.pieces.iter().map(|(text, at)| (text.as_str(), *at)), quoting)
    }

    pub(super) fn push(&mut self, text: String, at: TextRange) {
        self.length += text.len();
        self.pieces.push((text, at));
    }

    pub(super) fn part(&mut self, part: &Part) -> Option<()> {
        let written = slice(self.text, part.range);
        match (&part.kind, part.quote) {
            (PartKind::Text(text), Quote::Ansi) if text != written => return None,
            (PartKind::Text(_), Quote::Single | Quote::Ansi) => {
                self.plain(written, 0, written.len(), part.range.start().into());
            }
            (PartKind::Text(_), quote) => self.escaped(written, part.range.start(), quote),
            (PartKind::Other(_), _) => self.push(written.to_owned(), part.range),
            _ => {
                self.outer.push(range(self.length, self.length + written.len()));
                self.push(written.to_owned(), part.range);
            }
        }
        Some(())
    }

    /// Text with escapes: every escape is a piece of its own, so that only it is indivisible.
    fn escaped(&mut self, written: &str, start: TextSize, quote: Quote) {
        let start = usize::from(start);
        let mut plain = 0;
        let mut chars = written.char_indices();
        while let Some((offset, char)) = chars.next() {
            if char != '\\' {
                continue;
            }
            let Some((_, next)) = chars.next() else { break };
            let escapes = matches!(next, '$' | '`' | '\\' | '\n') || (next == '"' && !self.heredoc);
            if quote == Quote::Double && !escapes {
                continue;
            }
            self.plain(written, plain, offset, start);
            let end = offset + 1 + next.len_utf8();
            if next != '\n' {
                self.push(next.to_string(), range(start + offset, start + end));
            }
            plain = end;
        }
        self.plain(written, plain, written.len(), start);
    }

    /// Text that is handed on as it is, except for the tabs at the beginning of its lines.
    fn plain(&mut self, written: &str, from: usize, to: usize, start: usize) {
        let mut offset = from;
        for line in written.get(from..to).unwrap_or("").split_inclusive('\n') {
            let begins = self.text.get(..start + offset).is_some_and(|before| before.ends_with('\n'));
            let tabs = if self.tabs && begins { line.len() - line.trim_start_matches('\t').len() } else { 0 };
            if let Some(text) = line.get(tabs..).filter(|text| !text.is_empty()) {
                self.push(text.to_owned(), range(start + offset + tabs, start + offset + line.len()));
            }
            offset += line.len();
        }
    }
}
