//! Words that hold a name, an equals sign and a value.

use crate::source::{TextRange, TextSize, size};
use crate::syntax::shell::{Part, PartKind, Word};

/// The fixed text before a word's first `=`, and the word behind it. `None` without one, or behind an expansion.
pub(in crate::callers) fn after_equals(word: &Word) -> Option<(String, Word)> {
    let mut key = String::new();
    for (index, part) in word.parts.iter().enumerate() {
        let (PartKind::Text(text) | PartKind::Other(text)) = &part.kind else { return None };
        let Some((before, after)) = text.split_once('=') else {
            key.push_str(text);
            continue;
        };
        key.push_str(before);
        let mut parts = Vec::new();
        if !after.is_empty() {
            // Escapes make the source longer than the text; none stands before the `=` of a name.
            let start = part.range.start() + size(before.len() + 1);
            let range = TextRange::new(start.min(part.range.end()), part.range.end());
            parts.push(Part { range, quote: part.quote, kind: PartKind::Text(after.to_owned()) });
        }
        parts.extend(word.parts.iter().skip(index + 1).cloned());
        let start = parts.first().map_or(word.range.end(), |part| part.range.start());
        return Some((key, Word { range: TextRange::new(start, word.range.end().max(start)), parts }));
    }
    None
}

/// Whether `text` is a name that a shell variable can have.
pub(in crate::callers) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|char: char| char.is_ascii_digit())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// `range` without its first `count` bytes.
pub(super) fn without_start(range: TextRange, count: TextSize) -> TextRange {
    TextRange::new((range.start() + count).min(range.end()), range.end())
}
