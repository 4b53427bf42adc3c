//! The commands of a code block.

use crate::callers::windows::{self, Windows};
use crate::source::{TextRange, range, slice};
use crate::syntax::view::{Quoting, View};

/// Reads for `<your token>` and the like, which are redirections to a shell.
const PLACEHOLDER: &str = "PLACEHOLDER";

/// The lines of a code block, where they stand in the document.
#[derive(Debug, Default)]
pub(super) struct Block {
    lines: Vec<TextRange>,
}

impl Block {
    /// Adds the bytes of a text event.
    pub(super) fn push(&mut self, text: &str, at: TextRange) {
        let mut start = usize::from(at.start());
        for line in slice(text, at).split_inclusive('\n') {
            let end = start + line.len();
            // The parser leaves the carriage return between two of its texts out.
            let open = self.lines.last_mut().filter(|last| {
                let between = slice(text, range(usize::from(last.end()), start));
                usize::from(last.end()) <= start && matches!(between, "" | "\r") && !slice(text, **last).ends_with('\n')
            });
            match open {
                Some(last) => *last = last.cover(range(start, end)),
                None => self.lines.push(range(start, end)),
            }
            start = end;
        }
    }

    /// The shell of Windows whose variables or continued lines are in the block.
    pub(super) fn windows(&self, text: &str) -> Option<Windows> {
        let lines = || self.lines.iter().map(|line| slice(text, *line).trim_end());
        let percents =
            |line: &str| line.split('%').skip(1).step_by(2).any(windows::is_name) && line.matches('%').count() > 1;
        if lines().any(|line| line.contains("$env:") || line.ends_with(" `")) {
            return Some(windows::POWERSHELL);
        }
        lines().any(|line| line.ends_with(" ^") || percents(line)).then_some(windows::BATCH)
    }

    /// `text` with blanks in the place of everything outside the block, so that every byte of it stays where it is.
    pub(super) fn alone(&self, text: &str) -> String {
        let blank =
            |text: &str| -> String { text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect() };
        let mut alone = String::with_capacity(text.len());
        for line in &self.lines {
            alone.push_str(&blank(text.get(alone.len()..line.start().into()).unwrap_or("")));
            alone.push_str(slice(text, *line));
        }
        alone
    }

    /// What a person would type: in a block with prompts, only what stands behind one.
    pub(super) fn view(&self, text: &str) -> View {
        let console = self.lines.iter().any(|line| prompt(slice(text, *line)).is_some());
        let mut view = View::new(Quoting::Lines);
        let mut continued = false;
        for line in &self.lines {
            let raw = slice(text, *line);
            let content = raw.trim_end_matches(['\n', '\r']);
            let skipped = match (console, prompt(content)) {
                (true, Some(length)) => length,
                (true, None) if continued => {
                    if content.starts_with("> ") {
                        2
                    } else {
                        0
                    }
                }
                (true, None) => continue,
                (false, _) => 0,
            };
            let start = usize::from(line.start()) + skipped;
            let end = usize::from(line.start()) + content.len();
            push_line(&mut view, text, range(start, end));
            view.push("\n", range(end, usize::from(line.end())));
            continued = content.ends_with('\\');
        }
        view
    }
}

/// The length of `$ ` or `% ` with the blanks in front.
fn prompt(line: &str) -> Option<usize> {
    let rest = line.trim_start();
    let behind = rest.strip_prefix("$ ").or_else(|| rest.strip_prefix("% "))?;
    Some(line.len() - behind.len())
}

fn push_line(view: &mut View, text: &str, at: TextRange) {
    let mut done = usize::from(at.start());
    let line = slice(text, at);
    let mut rest = line;
    while let Some((open, length)) = placeholder(rest) {
        let start = usize::from(at.end()) - rest.len() + open;
        view.push(slice(text, range(done, start)), range(done, start));
        view.push(PLACEHOLDER, range(start, start + length));
        done = start + length;
        rest = rest.get(open + length..).unwrap_or("");
    }
    view.push(slice(text, range(done, usize::from(at.end()))), range(done, usize::from(at.end())));
}

/// Where the first `<words for people>` begins and how long it is.
fn placeholder(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(open) = text.get(from..)?.find('<').map(|at| from + at) {
        let inner = text.get(open + 1..)?;
        let starts = inner.starts_with(|char: char| char.is_alphabetic() || char == '_');
        if let Some(close) = inner.find(['<', '>', '|', ';', '&']).filter(|_| starts)
            && inner.get(close..)?.starts_with('>')
            && !inner.get(..close)?.ends_with(char::is_whitespace)
        {
            return Some((open, close + 2));
        }
        from = open + 1;
    }
    None
}
