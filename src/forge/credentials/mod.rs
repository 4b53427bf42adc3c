//! Where the token for a forge comes from.
//!
//! A variable is read for the host that it is meant for and for no other: a remote of a cloned repository must not be
//! able to ask for the token of another server. Then the forge's own command-line tool is asked, then git.

mod programs;
mod variables;

pub use programs::{Programs, SystemPrograms};

use super::{Address, Token};

/// A token, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The token.
    pub token: Token,
    /// The variable or the program that gave it, for messages.
    pub source: String,
}

/// The token for the forge of `address`: from `variable`, a reader of the environment, else from `programs`.
#[must_use]
pub fn find(
    address: &Address,
    variable: &dyn Fn(&str) -> Option<String>,
    programs: &dyn Programs,
) -> Option<Credential> {
    variables::find(address, variable).or_else(|| programs.token(address))
}

/// What a person without a token is told: one sentence without a final period.
#[must_use]
pub fn advice(address: &Address, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let host = &address.host;
    if variable("DFMIGRATE_TOKEN").is_some() && variable("DFMIGRATE_HOST").is_none() {
        return format!("`DFMIGRATE_TOKEN` is read for one host only: name it with `DFMIGRATE_HOST={host}`");
    }
    format!("set `DFMIGRATE_TOKEN` and `DFMIGRATE_HOST={host}`, or see docs/pull-requests.md for other ways")
}
