//! Standard output and standard error.

use std::{
    fmt,
    io::{self, IsTerminal as _, Stderr, Stdout, Write as _},
};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::{
    Color,
    failure::{Failure, safe_lines},
};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const NOTICE: Style = AnsiColor::Yellow.on_default().bold();

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// Where a run writes to. Colours are escape codes in what is written; a stream that should have none strips them.
pub(super) struct Streams {
    out: AutoStream<Stdout>,
    err: AutoStream<Stderr>,
    is_for_people: bool,
}

impl Streams {
    pub(super) fn new(color: Color) -> Self {
        let choice = ColorChoice::from(color);
        let is_terminal = io::stdout().is_terminal();
        let out = AutoStream::new(io::stdout(), choice);
        let is_for_people = is_terminal || out.current_choice() != ColorChoice::Never;
        Self { out, err: AutoStream::new(io::stderr(), choice), is_for_people }
    }

    /// Whether a person reads standard output: it is a terminal, or colours were asked for.
    pub(super) fn is_for_people(&self) -> bool {
        self.is_for_people
    }

    /// Writes a text to standard output, with a line feed.
    pub(super) fn print(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Writes bytes to standard output as they are.
    pub(super) fn print_exact(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.as_inner().lock().write_all(bytes)
    }

    /// Writes a line to standard error about something that was left alone.
    pub(super) fn notice(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.err, "{NOTICE}notice{NOTICE:#}: {}", safe_lines(&text))
    }

    /// Writes a line to standard error.
    pub(super) fn remark(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.err, "{}", safe_lines(&text))
    }

    /// Writes an error, its causes and the hints to standard error.
    pub(super) fn failure(&mut self, failure: &Failure) -> io::Result<()> {
        for (depth, cause) in failure.chain().enumerate() {
            let (style, name) = if depth == 0 { (ERROR, "error") } else { (ERROR, "caused by") };
            writeln!(self.err, "{style}{name}{style:#}: {}", safe_lines(&cause))?;
        }
        for hint in failure.hints() {
            writeln!(self.err, "{HINT}help{HINT:#}: {}", safe_lines(hint))?;
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }
}
