//! The only door to the library: what goes in is ASCII, and no panic comes out.
//!
//! The library counts bytes in some places and characters in others, and has panicked on texts where the two differ
//! (found by `callers::shell`, on soup around `é`). So it reads a stand-in of the same length in which every byte of a
//! character beyond ASCII is [`STAND_IN`]: all offsets stay, and every text is taken from the original. Texts
//! that nest without end are not given to it at all: its own limits (`limits.rs` of shuck-parser 0.2.8) miss some of them.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use shuck_parser::ShellDialect;
use shuck_parser::parser::{ParseResult, Parser};

/// Delete: a character that is nothing but itself for every shell, and part of no name.
const STAND_IN: u8 = 0x7f;

/// How deep brackets may nest. The library bounds its parser's depth, but not its lexer's (`$((`, 3,000 deep, overflows a stack
/// of 2 MiB).
const MOST_DEPTH: usize = 64;

/// How deep expansions with an operand may nest: the library reads the innermost operand again for each one around it.
const MOST_EXPANSION_DEPTH: usize = 10;

/// How many expansions with an operand one text may have, which bounds the time where [`is_bounded`] misjudges a bracket inside
/// of quotes. The largest scripts that people write have about a thousand.
const MOST_EXPANSIONS: usize = 5_000;

/// How many heredocs may begin in one line: the library looks for the end of each behind all others.
const MOST_HEREDOCS: usize = 32;

/// How many words one command may have. What is asked about one word often looks at all others; the longest lists of packages have
/// some hundreds.
const MOST_WORDS: usize = 4_000;

/// What the library makes of `text`; `None` for a text that would cost it too much.
pub(super) fn parse(text: &str, dialect: ShellDialect) -> Option<ParseResult> {
    is_bounded(text).then(|| Parser::with_dialect(&stand_in(text), dialect).parse())
}

/// Whether brackets nest in `text` as they do where somebody wrote it. Quotes are not looked at: a bracket that closes none is
/// passed over.
fn is_bounded(text: &str) -> bool {
    let (mut open, mut expansions, mut total) = (Vec::new(), 0, 0);
    let (mut before, mut heredocs, mut words) = (0, 0, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push((byte, false)),
            b'{' => {
                let has_operand = before == b'$' && !is_plain(&text.as_bytes()[at + 1..]);
                open.push((byte, has_operand));
                (expansions, total) = (expansions + usize::from(has_operand), total + usize::from(has_operand));
            }
            b')' if open.last().is_some_and(|(opener, _)| *opener == b'(') => drop(open.pop()),
            b'}' if open.last().is_some_and(|(opener, _)| *opener == b'{') => {
                expansions -= usize::from(open.pop().is_some_and(|(_, has_operand)| has_operand));
            }
            b'<' if before == b'<' => heredocs += 1,
            b'\n' if before == b'\\' => {}
            b'\n' => (heredocs, words) = (0, 0),
            b';' | b'&' | b'|' => words = 0,
            b' ' | b'\t' => words += usize::from(!matches!(before, b' ' | b'\t')),
            _ => {}
        }
        let nested = open.len() > MOST_DEPTH || expansions > MOST_EXPANSION_DEPTH;
        let long = total > MOST_EXPANSIONS || heredocs > MOST_HEREDOCS || words > MOST_WORDS;
        if nested || long {
            return false;
        }
        before = byte;
    }
    true
}

/// Whether what stands behind `${` is a name and the closing brace.
fn is_plain(rest: &[u8]) -> bool {
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    end.is_some_and(|end| rest[end] == b'}')
}

/// What the library reads in the place of `text`.
pub(super) fn stand_in(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let bytes = text.bytes().map(|byte| char::from(if byte.is_ascii() { byte } else { STAND_IN }));
    Cow::Owned(bytes.collect())
}

/// A text that the library made of the stand-in of `original`, with the original's characters; `None` where it can't be told
/// which of them are left.
pub(super) fn restored(made: &str, original: &str) -> Option<String> {
    let missing: Vec<u8> = original.bytes().filter(|byte| !byte.is_ascii()).collect();
    let places = made.bytes().filter(|byte| *byte == STAND_IN).count();
    if missing.is_empty() {
        return Some(made.to_owned());
    }
    let mut missing = (places == missing.len()).then(|| missing.into_iter())?;
    let bytes = made.bytes().map(|byte| if byte == STAND_IN { missing.next().unwrap_or(byte) } else { byte });
    String::from_utf8(bytes.collect()).ok()
}

thread_local! {
    /// Whether this thread is in a call of [`guarded`], where a panic is an answer and no news.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// What `work` makes; `None` if it panics, about which nothing is printed.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let told = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                told(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    // Nothing that `work` leaves half-done is looked at afterwards: it only makes a new tree.
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| -> u8 { panic!("nobody reads this") }), None);
        assert!(!GUARDED.get());
    }

    #[test]
    fn a_stand_in_has_the_length_of_the_text() {
        assert_eq!(stand_in("a é"), "a \u{7f}\u{7f}");
        assert_eq!(restored("\u{7f}\u{7f}\n", "é\\n").as_deref(), Some("é\n"));
        assert_eq!(restored("\u{7f}\u{7f}\u{7f}", "é\\x7f"), None);
    }
}
