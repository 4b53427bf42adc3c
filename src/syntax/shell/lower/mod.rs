//! From the library's tree to ours, with every range verified against the text.
//!
//! The library's spans are exact for words, names and operators, but not for everything: the span of a statement may
//! end behind its operator, that of a subshell begins inside the parenthesis, and inside double quotes every span behind
//! a `\⏎` is two bytes short. So ranges of commands are computed from their pieces, and a word whose pieces do not tile
//! it is parsed again on its own ([`word`]). What still does not add up makes the script unclean.

mod arithmetic;
mod command;
mod compound;
mod decode;
mod expansion;
mod library;
mod redirect;
mod repeated;
mod statement;
mod verify;
mod word;

use shuck_parser::ShellDialect;

use super::{Dialect, Script};
use crate::source::{TextRange, range, slice};

/// Parses shell text. Never fails: what the library gives up on is missing, and the script is not [`Script::clean`]. One
/// that it panics on, or that nests without end, is empty.
///
/// The POSIX dialect accepts what busybox ash adds (`[[ … ]]`), because a Dockerfile does not say which `/bin/sh` it gets.
#[must_use]
pub fn parse(text: &str, dialect: Dialect) -> Script {
    let script = parse_as(text, library_dialect(text, dialect));
    if script.clean || dialect == Dialect::Bash {
        return script;
    }
    let other = parse_as(text, ShellDialect::Bash);
    if other.clean { other } else { script }
}

/// Text that uses `[[` is bash's or ash's; dash knows neither, so its reading of such a line does not matter.
fn library_dialect(text: &str, dialect: Dialect) -> ShellDialect {
    match dialect {
        Dialect::Posix if !text.contains("[[") => ShellDialect::Posix,
        _ => ShellDialect::Bash,
    }
}

fn parse_as(text: &str, dialect: ShellDialect) -> Script {
    let lowered = library::guarded(|| {
        let result = library::parse(text, dialect)?;
        let mut lowering = Lowering { text, base: 0, clean: result.is_ok(), again: false, tabs: false };
        let items = lowering.sequence(&result.file.body);
        Some(Script { items, clean: lowering.clean })
    });
    lowered.flatten().unwrap_or_default()
}

/// The state of one lowering.
struct Lowering<'t> {
    /// All of the parsed text, to which every range refers.
    text: &'t str,
    /// Where the library's spans begin in it: not zero for a piece that is parsed again on its own.
    base: usize,
    /// Whether everything added up so far.
    clean: bool,
    /// Whether this already is a piece that is parsed again.
    again: bool,
    /// Whether leading tabs go, as in the body of `<<-`.
    tabs: bool,
}

impl<'t> Lowering<'t> {
    /// The range of a span.
    fn range(&mut self, span: shuck_ast::Span) -> TextRange {
        self.checked(self.base + span.start.offset(), self.base + span.end.offset())
    }

    /// The range between two offsets. One that does not lie in the text on character boundaries becomes empty and makes
    /// the script unclean.
    fn checked(&mut self, start: usize, end: usize) -> TextRange {
        if self.text.get(start..end).is_some() {
            return range(start, end);
        }
        self.clean = false;
        let start = self.text.floor_char_boundary(start);
        range(start, start)
    }

    /// The range of a span without blanks at its ends: some spans of the library reach to the next token.
    fn trimmed(&mut self, span: shuck_ast::Span) -> TextRange {
        let at = self.range(span);
        let text = self.slice(at);
        let start = usize::from(at.start()) + (text.len() - text.trim_start().len());
        range(start, start + text.trim().len())
    }

    fn slice(&self, at: TextRange) -> &'t str {
        slice(self.text, at)
    }

    /// Notes that something does not add up.
    fn doubt(&mut self) {
        self.clean = false;
    }
}
