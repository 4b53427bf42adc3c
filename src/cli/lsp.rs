//! `dfmigrate lsp`: a language server over standard input and output.

use super::{Deciding, Failure, Outcome, analysis, settings};
use crate::lsp::{self, Connection, Options};

pub(super) fn run(deciding: &Deciding) -> Result<Outcome, Failure> {
    let options = Options { decided: settings::of(deciding)?, today: analysis::today };
    let (connection, threads) = Connection::stdio();
    lsp::serve(&connection, options)?;
    // The thread that writes ends with the last sender.
    drop(connection);
    threads.join()?;
    Ok(Outcome::Clean)
}
