//! From findings to one change: fixes that don't collide are merged, the result is analysed again, and only what holds
//! is kept.

mod change;
mod check;
mod codemod;
mod finding;
mod make;

pub use change::{BUILDKIT_RULE, Change, FRONTEND, Mount, StepEdit, may_be_raised, suppression};
pub use codemod::Codemod;
pub use finding::{Applicability, Finding, Fix, FollowUp, Label, Obstacle, Severity, StepChange};
pub use make::make;

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::source::Source;

/// What to do with the fixes that were found.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whether fixes that rest on assumptions are applied as well.
    pub unsafe_fixes: bool,
    /// The codemods to run; empty for all.
    pub select: Vec<String>,
    /// The codemods to leave out.
    pub ignore: Vec<String>,
    /// Whether Dockerfiles that can't have a finding are skipped unread; the outcome is the same either way.
    pub prefilter: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { unsafe_fixes: false, select: Vec::new(), ignore: Vec::new(), prefilter: true }
    }
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Its fix is part of [`Plan::files`].
    Applied,
    /// Its fix rests on assumptions and was not asked for.
    Unsafe,
    /// It has no fix that a machine should make; [`Fix::obstacles`] says why.
    Manual,
    /// Its fix was taken out again; one sentence says why.
    HeldBack(String),
}

/// A finding and what became of it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The finding, in places of the original files.
    pub finding: Finding,
    /// What became of it.
    pub status: Status,
}

/// A file before and after.
#[derive(Debug, Clone)]
pub struct FileChange {
    /// As it was read.
    pub before: Source,
    /// As it will be written.
    pub after: Source,
}

/// The outcome of an analysis under a [`Policy`].
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Every finding, in the order of the files and of the places in them.
    pub findings: Vec<Planned>,
    /// The files that change, by their path from the repository's root.
    pub files: BTreeMap<Utf8PathBuf, FileChange>,
}
