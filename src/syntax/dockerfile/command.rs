//! A joined line taken apart: keyword, flags and arguments (BuildKit: `frontend/dockerfile/parser/line_parsers.go`).

use super::Keyword;
use super::lex::flags::{self, Flags};
use super::lex::json::{self, Array};
use super::lex::words::{split_blanks, split_first, split_quoted, trim};
use super::logical::Span;

/// An instruction as BuildKit's parser reads it. Spans are bytes of the joined text.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) word: Span,
    /// `None` for a word that is no instruction.
    pub(super) keyword: Option<Keyword>,
    pub(super) flags: Vec<Span>,
    pub(super) flags_end: Option<Span>,
    /// What stands behind the flags, trimmed.
    pub(super) rest: Span,
    pub(super) arguments: Arguments,
}

/// The arguments of an instruction, in the shape that its grammar gives them.
#[derive(Debug)]
pub(super) enum Arguments {
    /// Nothing stands there.
    None,
    /// Words between blanks, or the whole rest as one.
    Words(Vec<Span>),
    Pairs(Vec<PairSpans>),
    /// The strings of a JSON array, with their quotes.
    Json(Vec<Span>),
    Shell(Span),
    /// `HEALTHCHECK`: its type, and what follows (`None`, `Json` or `Shell`).
    Health(Span, Box<Arguments>),
    /// `ONBUILD`: the instruction for later.
    Trigger(Box<Command>),
    /// Of a word that is no instruction.
    Unread,
}

/// One pair of an `ARG`, `ENV` or `LABEL`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairSpans {
    pub(super) key: Span,
    /// `None` for a bare name of an `ARG`.
    pub(super) value: Option<Span>,
    /// Written `key value`, without `=`.
    pub(super) legacy: bool,
}

/// Reads `span` of `text`.
///
/// # Errors
/// A sentence, where BuildKit's parser refuses the line.
pub(super) fn read(text: &str, span: Span, escape: char) -> Result<Command, String> {
    read_within(text, span, escape, false)
}

/// The same for what stands behind an `ONBUILD`, if it does. Another `ONBUILD` is not allowed there (BuildKit
/// `instructions/parse.go`), so what stands behind that is not read: a line could hold thousands of them.
fn read_within(text: &str, span: Span, escape: char, triggered: bool) -> Result<Command, String> {
    let span = trim(text, span);
    let (word, behind) = split_first(text, span);
    let Flags { words, end, rest } = match behind {
        Some(behind) => flags::split(text, behind, escape),
        None => Flags { rest: span.end, ..Flags::default() },
    };
    let rest = trim(text, Span::new(rest, span.end));
    let keyword = Keyword::parse(word.of(text));
    let arguments = match keyword {
        Some(Keyword::Onbuild) if triggered && !rest.is_empty() => Arguments::Words(vec![rest]),
        Some(keyword) => arguments(keyword, text, rest, escape)?,
        None => Arguments::Unread,
    };
    Ok(Command { word, keyword, flags: words, flags_end: end, rest, arguments })
}

fn arguments(keyword: Keyword, text: &str, rest: Span, escape: char) -> Result<Arguments, String> {
    if rest.is_empty() {
        return Ok(Arguments::None);
    }
    Ok(match keyword {
        Keyword::From | Keyword::Expose => Arguments::Words(split_blanks(text, rest)),
        Keyword::Add | Keyword::Copy | Keyword::Volume => {
            json_form(text, rest)?.unwrap_or_else(|| Arguments::Words(split_blanks(text, rest)))
        }
        Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Shell => shell_or_json(text, rest)?,
        Keyword::User | Keyword::Workdir | Keyword::Stopsignal | Keyword::Maintainer => Arguments::Words(vec![rest]),
        Keyword::Env | Keyword::Label => Arguments::Pairs(assignments(keyword, text, rest, escape)?),
        Keyword::Arg => {
            let words = split_quoted(text, rest, escape);
            Arguments::Pairs(words.into_iter().map(|word| pair(text, word)).collect())
        }
        Keyword::Healthcheck => {
            let (kind, command) = split_first(text, rest);
            let command = command.map_or(Ok(Arguments::None), |command| shell_or_json(text, command))?;
            Arguments::Health(kind, Box::new(command))
        }
        Keyword::Onbuild => Arguments::Trigger(Box::new(read_within(text, rest, escape, true)?)),
    })
}

fn json_form(text: &str, rest: Span) -> Result<Option<Arguments>, String> {
    match json::scan(text, trim(text, rest)) {
        Array::Strings(strings) => Ok(Some(Arguments::Json(strings))),
        Array::Mixed => Err("the JSON form must be an array of strings only".to_owned()),
        Array::Not => Ok(None),
    }
}

fn shell_or_json(text: &str, rest: Span) -> Result<Arguments, String> {
    Ok(json_form(text, rest)?.unwrap_or(Arguments::Shell(rest)))
}

fn pair(text: &str, word: Span) -> PairSpans {
    match word.of(text).find('=') {
        Some(at) => PairSpans {
            key: Span::new(word.start, word.start + at),
            value: Some(Span::new(word.start + at + 1, word.end)),
            legacy: false,
        },
        None => PairSpans { key: word, value: None, legacy: false },
    }
}

/// `parseNameVal`: the first word decides between `key=value …` and `key value`.
fn assignments(keyword: Keyword, text: &str, rest: Span, escape: char) -> Result<Vec<PairSpans>, String> {
    let words = split_quoted(text, rest, escape);
    if words.first().is_some_and(|word| !word.of(text).contains('=')) {
        let (key, value) = split_first(text, rest);
        return match value {
            Some(value) => Ok(vec![PairSpans { key, value: Some(value), legacy: true }]),
            None => Err(format!("{keyword} must have two arguments")),
        };
    }
    match words.iter().find(|word| !word.of(text).contains('=')) {
        Some(_) => Err(format!("{keyword} has a word without '='; every word must read name=value")),
        None => Ok(words.into_iter().map(|word| pair(text, word)).collect()),
    }
}
