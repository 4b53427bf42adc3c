//! A language server: findings while somebody types, and their fixes as edits of all files.
//!
//! What is typed counts before what is on the disk. Nothing is written: the editor makes the edits, and what a person
//! saves is read again. The form is that of the Language Server Protocol 3.17.

mod answers;
mod position;
mod server;
mod workspace;

use std::fmt;

pub use lsp_server::{Connection, ProtocolError};

use crate::config::Date;
use crate::repository::Decided;

/// What is decided outside of the editor.
#[derive(Debug, Clone)]
pub struct Options {
    /// The settings of an organisation and of the run.
    pub decided: Decided,
    /// Tells the day.
    pub today: fn() -> Option<Date>,
}

/// Why a session ended that the client did not end.
#[derive(Debug)]
pub enum ServeError {
    /// The client does not keep to the protocol, or went away.
    Protocol(ProtocolError),
    /// A message of the handshake could not be read or written.
    Message(serde_json::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(_) => f.write_str("the language client does not keep to the protocol"),
            Self::Message(_) => f.write_str("a message of the language client can't be understood"),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Protocol(error) => Some(error),
            Self::Message(error) => Some(error),
        }
    }
}

impl From<ProtocolError> for ServeError {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<serde_json::Error> for ServeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Message(error)
    }
}

/// Answers a client until it says that it is done.
///
/// # Errors
/// It does not keep to the protocol.
pub fn serve(connection: &Connection, options: Options) -> Result<(), ServeError> {
    server::Server::start(connection, options)?.run()
}
