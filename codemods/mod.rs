//! The codemods: each finds one way in which a secret leaks, and repairs it.
//!
//! A codemod knows the model, never a file format. It is one folder: a declaration, a page and the cases that it has to
//! pass. The page is its rustdoc, what `dfmigrate explain` prints and the page of the book.

pub mod add_credentials;
pub mod arg_secret;
pub mod copied_credential;
mod copying;
pub mod env_secret;
pub mod fallback_expired;
pub mod foreign_build;
pub mod literal_credential;
mod migration;
pub mod mount_mismatch;
pub mod mounted_secret_written;
pub mod persisted_credential;
mod prelude;
pub mod secret_logged;
pub mod secret_not_mounted;
mod shown;
pub mod ssh_key;
pub mod syntax_directive;
pub mod unused_secret;
pub mod written_credential;

pub use migration::{Question, questions};

pub use crate::plan::Codemod;

/// Every codemod, in the order in which their findings are fixed.
pub const ALL: &[&Codemod] = &[
    &written_credential::CODEMOD,
    &persisted_credential::CODEMOD,
    &arg_secret::CODEMOD,
    &env_secret::CODEMOD,
    &unused_secret::CODEMOD,
    &fallback_expired::CODEMOD,
    &secret_not_mounted::CODEMOD,
    &ssh_key::CODEMOD,
    &copied_credential::CODEMOD,
    &mount_mismatch::CODEMOD,
    &foreign_build::CODEMOD,
    &secret_logged::CODEMOD,
    &mounted_secret_written::CODEMOD,
    &literal_credential::CODEMOD,
    &add_credentials::CODEMOD,
    &syntax_directive::CODEMOD,
];

/// The codemod with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Codemod> {
    ALL.iter().copied().find(|codemod| codemod.id == id)
}
