//! `dfmigrate.toml`: what somebody decided, as plain data: for an organisation, a repository, a folder or some paths.
//!
//! A word that is none of the settings is an error, with the one that was probably meant: a setting that is silently
//! ignored would change files in a way that was decided against.

mod configuration;
mod date;
mod error;
mod extended;
mod file;
mod names;
mod paths;
mod remember;
mod settings;
mod show;
mod tree;

pub use configuration::{Configuration, Layer, Lookup};
pub use date::Date;
pub use error::{SettingsError, nearest};
pub use extended::{Load, layers};
pub use file::SettingsFile;
pub use names::{NamePattern, Names};
pub use paths::PathPatterns;
pub use remember::remembered;
pub use settings::{
    CallerSettings, CodemodSettings, DockerfileSettings, IdNaming, MountForm, Needed, SecretSettings, Setting,
    Settings, SuppressionSettings,
};
pub use tree::Origin;

/// The name of the file: in the root of the repository, and in folders for what is below them.
pub const FILE: &str = "dfmigrate.toml";

#[cfg(test)]
mod tests;
