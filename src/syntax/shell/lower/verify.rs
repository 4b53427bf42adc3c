//! Whether the parts of a word really are what the text has there.

use crate::source::{TextRange, slice};
use crate::syntax::shell::{Part, PartKind, Quote, Word};

/// Whether the parts follow each other with nothing but quotes between them, and each looks like what it is said to be.
pub(super) fn tiles(text: &str, word: &Word) -> bool {
    let mut done = word.range.start();
    for part in &word.parts {
        if part.range.start() < done || !only_quotes(text, TextRange::new(done, part.range.start())) {
            return false;
        }
        if !plausible(slice(text, part.range), part) {
            return false;
        }
        done = part.range.end();
    }
    done <= word.range.end() && only_quotes(text, TextRange::new(done, word.range.end()))
}

/// Quotes, the `$` of `$"…"`, and continuations, which are part of no word.
fn only_quotes(text: &str, gap: TextRange) -> bool {
    let gap = slice(text, gap);
    gap.is_empty() || gap.replace("\\\n", "").chars().all(|char| matches!(char, '"' | '\'' | '$'))
}

fn plausible(text: &str, part: &Part) -> bool {
    match &part.kind {
        PartKind::Text(_) => plausible_text(text, part.quote),
        PartKind::Variable(_) => text.starts_with('$') || !text.contains(['$', '{']),
        PartKind::Command(_) => {
            (text.starts_with("$(") && text.ends_with(')'))
                || (text.starts_with('`') && text.ends_with('`'))
                || (text.starts_with("${") && text.ends_with('}'))
        }
        PartKind::Process(_) => (text.starts_with("<(") || text.starts_with(">(")) && text.ends_with(')'),
        PartKind::Arithmetic(_) => {
            (text.starts_with("$((") && text.ends_with("))")) || (text.starts_with("$[") && text.ends_with(']'))
        }
        PartKind::Other(_) => true,
    }
}

/// Literal text contains no expansion, and outside quotes no quote, unless escaped.
fn plausible_text(text: &str, quote: Quote) -> bool {
    if matches!(quote, Quote::Single | Quote::Ansi) {
        return true;
    }
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let wrong = match char {
            '\\' => {
                chars.next();
                false
            }
            '`' => true,
            '"' | '\'' => quote == Quote::None,
            '$' => chars.peek().is_some_and(|&next| begins_expansion(next)),
            _ => false,
        };
        if wrong {
            return false;
        }
    }
    true
}

/// Whether a `$` in front of this character is an expansion (POSIX 2.6).
fn begins_expansion(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_{(@*#?-$!".contains(char)
}
