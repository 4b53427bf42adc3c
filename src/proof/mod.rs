//! Proves a migration by building: the repository as it is and the migrated one, with generated values in the place of the
//! secrets, and looks into both images.
//!
//! The steps: [`line`](BuildLine) reads what every caller would run, from the original files for the first build and from
//! the migrated ones for the second, so that a caller that hands nothing over fails here. `inputs` and `values` give every
//! secret one value under all its names, `workspace` makes the copies, `attempt` builds and looks, `compare` holds the images
//! against each other, and [`Verdict`] says what follows.
//!
//! *The files of the repository are only read; what a run makes in the engine and on disk goes with it.*

mod attempt;
mod cache;
mod compare;
mod engine;
mod inputs;
mod leak;
mod line;
mod process;
pub mod report;
mod round;
mod shape;
mod subject;
mod values;
mod verdict;
mod workspace;

pub use leak::{Leak, Place};
pub use line::{BuildLine, Origin};
pub use process::Interruption;
pub use round::prove;
pub use verdict::{Comparison, Proof, Ran, Row, Verdict};

use std::{fmt, io};

use crate::{apply::ApplyError, image::ImageError};

/// How a proof is run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The network of the builds, as `docker build --network` takes it.
    pub network: Option<String>,
    /// Images that can't be pulled, and the local ones that stand in for them.
    pub bases: Vec<(String, String)>,
    /// Real values by id: of a build argument, a mount, a variable or a file. All other secrets get generated ones.
    pub secrets: Vec<(String, SecretText)>,
}

/// The bytes of a secret; they are not shown.
#[derive(Clone)]
pub struct SecretText(pub Vec<u8>);

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Why a proof ended early.
#[derive(Debug)]
pub enum ProofError {
    /// There is no engine to build with; the sentence says why.
    NoEngine(String),
    /// The engine did not do what it was asked for.
    Engine(String),
    /// Reading or writing failed.
    Io(io::Error),
    /// The migration of the copy could not be written.
    Apply(ApplyError),
    /// A value is too short to be looked for, or all are too large together.
    Values(ImageError),
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl fmt::Display for ProofError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEngine(why) | Self::Engine(why) => formatter.write_str(why),
            Self::Io(_) => formatter.write_str("a copy of the repository could not be made"),
            Self::Apply(_) => formatter.write_str("the migration could not be written into the copy"),
            Self::Values(_) => formatter.write_str("the values can't be looked for"),
            Self::Interrupted => formatter.write_str("interrupted"),
        }
    }
}

impl std::error::Error for ProofError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Apply(error) => Some(error),
            Self::Values(error) => Some(error),
            Self::NoEngine(_) | Self::Engine(_) | Self::Interrupted => None,
        }
    }
}

impl From<io::Error> for ProofError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ApplyError> for ProofError {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}

impl From<ImageError> for ProofError {
    fn from(error: ImageError) -> Self {
        Self::Values(error)
    }
}
