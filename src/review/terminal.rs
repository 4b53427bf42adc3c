use std::fmt;
use std::io::{self, IsTerminal as _, Stderr, Write as _};

use anstream::{AutoStream, ColorChoice};
use dialoguer::{
    Select,
    console::{Key, Term},
    theme::Theme,
};

use super::{Prompter, editor};

/// The terminal that the program was started from. It writes to standard error, so that standard output can go to a
/// file.
///
/// Nothing has to be restored when the program is killed while it waits for a key or shows something: the cursor is
/// never hidden, and an interrupt is read as a key.
#[derive(Debug)]
pub struct Terminal {
    out: AutoStream<Stderr>,
    keys: Term,
}

/// Why there is nobody to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTerminal {
    /// The environment has `CI`, which every CI service sets: what looks like a terminal there has no person before it.
    Ci,
    /// Standard input or standard error is not a terminal.
    Redirected,
}

impl fmt::Display for NoTerminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ci => "a review asks a person, and `CI` is set in the environment",
            Self::Redirected => "a review asks a person: standard input and standard error have to be a terminal",
        })
    }
}

impl std::error::Error for NoTerminal {}

impl Terminal {
    /// The terminal of this process.
    ///
    /// # Errors
    /// There is nobody to ask.
    pub fn open(colors: ColorChoice) -> Result<Self, NoTerminal> {
        if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
            return Err(NoTerminal::Ci);
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(NoTerminal::Redirected);
        }
        Ok(Self { out: AutoStream::new(io::stderr(), colors), keys: Term::stderr() })
    }
}

impl Prompter for Terminal {
    fn columns(&self) -> usize {
        usize::from(self.keys.size().1)
    }

    fn show(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    fn key(&mut self, question: &str) -> io::Result<Key> {
        write!(self.out, "{question}")?;
        self.out.flush()?;
        // `read_key` would raise SIGINT for Ctrl-C and end the process here.
        let key = self.keys.read_key_raw()?;
        match key {
            Key::Char(char) if !char.is_control() => writeln!(self.out, "{char}")?,
            _ => writeln!(self.out)?,
        }
        Ok(key)
    }

    fn edit(&mut self, name: &str, text: &[u8]) -> io::Result<Result<Vec<u8>, String>> {
        self.out.flush()?;
        editor::edit(name, text)
    }

    fn choose(&mut self, question: &str, choices: &[String]) -> io::Result<Option<usize>> {
        let select = Select::with_theme(&VisibleCursor).with_prompt(question).items(choices).report(false).default(0);
        select.interact_on_opt(&self.keys).map_err(|dialoguer::Error::IO(error)| error)
    }
}

/// A `Select` hides the cursor and leaves it so when Ctrl-C ends the process (dialoguer issues 77 and 92). Its question
/// is written after that: the cursor is shown again with it.
struct VisibleCursor;

/// The control sequence DECTCEM, "show the cursor".
const SHOW_CURSOR: &str = "\u{1b}[?25h";

impl Theme for VisibleCursor {
    fn format_select_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        write!(f, "{SHOW_CURSOR}{prompt}")
    }

    fn format_select_prompt_item(&self, f: &mut dyn fmt::Write, text: &str, active: bool) -> fmt::Result {
        f.write_str(if active { "> " } else { "  " })?;
        f.write_str(text)
    }
}
