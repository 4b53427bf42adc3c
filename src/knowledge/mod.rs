//! What the world does, as data: which names are secrets, what a value looks like, which variables a tool reads and what
//! it writes down, which builder supports what, which files hold credentials.
//!
//! The facts are TOML tables beside the code, each entry with its source; the code only looks things up. Nothing here
//! knows a Dockerfile. A table that can't be read is empty at run time and a failing test before that.

pub mod engines;
pub mod files;
pub mod git;
pub mod images;
pub mod names;
pub mod reruns;
pub mod tools;
pub mod uses;
pub mod values;
mod words;
pub mod writing;

use serde::de::DeserializeOwned;

/// Parses an embedded table; a malformed one is empty, which a test of each table rules out.
fn table<T: DeserializeOwned + Default>(text: &str) -> T {
    toml::from_str(text).unwrap_or_default()
}

/// Parses an embedded table for the test that keeps it well formed.
#[cfg(test)]
fn check<T: DeserializeOwned>(text: &str) -> Result<T, toml::de::Error> {
    toml::from_str(text)
}
