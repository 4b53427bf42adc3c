//! From findings to one change: fixes that don't collide are merged, the result is analysed again, and only what holds
//! is kept.

mod answers;
mod change;
mod changed;
mod check;
mod codemod;
mod delivery;
mod draft;
mod finding;
mod make;
mod session;
mod stages;
mod suppress;

pub use change::{BUILDKIT_RULE, CACHE_KEY, Change, FRONTEND, Mount, StepEdit, may_be_raised, suppression};
pub use codemod::Codemod;
pub use delivery::FileMount;
pub use finding::{Applicability, Finding, Fix, FollowUp, Key, Label, Obstacle, Severity, StepChange};
pub use make::{make, may_find, problem_with_edit};
pub(crate) use session::Session;
pub use stages::{Stage, stages};
pub use suppress::{Comment, CommentMistake, Suppression, SuppressionState};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::model::Foreign;
use crate::source::{Digest, Source};

/// What to do with the fixes that were found.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whether fixes that rest on assumptions are applied as well.
    pub unsafe_fixes: bool,
    /// Which of the fixes that are sure enough are applied.
    pub choice: Choice,
    /// The codemods to run; empty for all.
    pub select: Vec<String>,
    /// The codemods to leave out.
    pub ignore: Vec<String>,
    /// What is known of Dockerfiles of other repositories that are built here.
    pub foreign: Arc<[Foreign]>,
    /// The fingerprints of findings that are known.
    pub known: Arc<BTreeSet<String>>,
    /// Whether known findings are set aside, unfixed.
    pub only_new: bool,
    /// Whether Dockerfiles that can't have a finding are skipped unread; the outcome is the same either way.
    pub prefilter: bool,
    /// Whether what was found is kept where a fix of another file can't have changed it; the outcome is the same either way.
    pub reuse: bool,
}

impl Policy {
    /// Whether the codemod `id` is run.
    #[must_use]
    pub fn includes(&self, id: &str) -> bool {
        let named = |ids: &[String]| ids.iter().any(|named| named == id);
        (self.select.is_empty() || named(&self.select)) && !named(&self.ignore)
    }
}

/// Which fixes are applied, of those that a [`Policy`] holds to be sure enough.
#[derive(Debug, Clone, Default)]
pub enum Choice {
    /// All of them.
    #[default]
    All,
    /// Those of these findings, as somebody decided one by one.
    Only(BTreeSet<Key>),
}

impl Choice {
    /// Whether the fix of the finding with this key is among them.
    #[must_use]
    pub fn includes(&self, key: &Key) -> bool {
        match self {
            Self::All => true,
            Self::Only(keys) => keys.contains(key),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            unsafe_fixes: false,
            choice: Choice::All,
            select: Vec::new(),
            ignore: Vec::new(),
            foreign: Arc::default(),
            known: Arc::default(),
            only_new: false,
            prefilter: true,
            reuse: true,
        }
    }
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Its fix is part of [`Plan::files`].
    Applied,
    /// Its fix rests on assumptions and was not asked for.
    Unsafe,
    /// Its fix could be made and is not part of the [`Choice`].
    NotChosen,
    /// It has no fix that a machine should make; [`Fix::obstacles`] says why.
    Manual,
    /// Its fix was taken out again; one sentence says why.
    HeldBack(String),
}

/// A finding and what became of it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The finding, in places of the original files.
    pub finding: Arc<Finding>,
    /// What became of it.
    pub status: Status,
    /// Which one it is of the findings with its key, from 1, in the order of places.
    pub number: usize,
    /// Whether [`Policy::known`] has it.
    pub known: bool,
}

impl Planned {
    /// The only finding with its key, and new.
    #[must_use]
    pub fn new(finding: impl Into<Arc<Finding>>, status: Status) -> Self {
        Self { finding: finding.into(), status, number: 1, known: false }
    }

    /// 32 hexadecimal digits that stay the same when lines move: of the key and the number.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.finding, self.number)
    }
}

fn fingerprint(finding: &Finding, number: usize) -> String {
    let (codemod, dockerfile, subject) = finding.key();
    Digest::of([codemod, dockerfile.as_str(), &subject, &number.to_string()]).to_string()
}

/// A finding that nobody wants to hear of: it gets no fix.
#[derive(Debug, Clone)]
pub struct SetAside {
    /// The finding, in places of the original files.
    pub finding: Arc<Finding>,
    /// Its fingerprint, as [`Planned::fingerprint`].
    pub fingerprint: String,
    /// The comment that says so, an index into [`Plan::suppressions`]; `None` for one of [`Policy::known`].
    pub suppression: Option<usize>,
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
    /// The findings that are ignored by comments, and the known ones where only new ones are asked for.
    pub set_aside: Vec<SetAside>,
    /// The comments that ignore findings.
    pub suppressions: Vec<Suppression>,
    /// Comments that can't be understood.
    pub mistakes: Vec<CommentMistake>,
}
