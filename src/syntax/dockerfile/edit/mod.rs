//! Edits in the user's words: add a mount, remove a pair, put a command in front.
//!
//! Every function returns edits of the file's text and changes nothing itself. What an edit would say is checked by
//! parsing the result: if anything but the instruction in question reads otherwise, the edit is refused.

mod command;
mod directive;
mod layout;
mod mounts;
mod remove;
mod sources;
mod verify;

#[cfg(test)]
mod tests;

use std::fmt;

pub use command::{add_mounts_and_commands, insert_command};
pub use directive::set_syntax_directive;
pub use mounts::{WIDEST, add_mounts};
pub use remove::{remove_instruction, remove_pair, remove_pairs};
pub use sources::remove_source;

/// Why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError {
    /// BuildKit reads mounts and commands of a `RUN` only, also behind `ONBUILD`.
    NotRun,
    /// The text is not one `--mount` flag that BuildKit would read as such.
    NotAMount(String),
    /// The pair does not stand in the instruction.
    NotInInstruction,
    /// The command is in JSON form: no shell reads it.
    ExecForm,
    /// The body names its own interpreter, so it need not be shell text.
    Shebang,
    /// There is no command.
    NoCommand,
    /// The text can't be written in this place.
    Unwritable,
    /// The file is made for a frontend that is announced otherwise than by a `#` line.
    ForeignFrontend,
    /// The edit would change how another part of the file reads.
    Disturbs,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRun => "only a RUN takes mounts and commands",
            Self::NotAMount(text) => return write!(f, "'{text}' is not one --mount flag"),
            Self::NotInInstruction => "the pair does not stand in this instruction",
            Self::ExecForm => "the command is in JSON form, which no shell reads",
            Self::Shebang => "the heredoc names its own interpreter",
            Self::NoCommand => "the instruction has no command",
            Self::Unwritable => "the text can't be written in this place",
            Self::ForeignFrontend => "the file announces its frontend in another way than by a '#' line",
            Self::Disturbs => "the edit would change how another part of the file reads",
        })
    }
}

impl std::error::Error for EditError {}
