use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use crate::callers::{Offer, Request, SecretValue};
use crate::source::{Edit, TextRange};

/// How sure a fix is; a fix has the least of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// Shown with what stands in the way and the steps; never applied.
    Manual,
    /// Right if the printed assumptions hold; applied on request.
    Unsafe,
    /// Every use keeps its value, every build found in the repository is edited too, nothing rests.
    Safe,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A secret stays readable, or the build is broken.
    Error,
    /// Something that will or may leak or break.
    Warning,
    /// Worth knowing.
    Note,
}

/// A place in a file with a few words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The file, from the repository's root.
    pub file: Utf8PathBuf,
    /// The place, in bytes of its text.
    pub range: TextRange,
    /// What is there, without a final period. Never holds a secret's value.
    pub text: String,
}

/// Something that keeps a fix from being made by a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// A stable short name for counting, kebab-case: `kaniko`, `used-in-from`, `writes-down`.
    pub kind: &'static str,
    /// One sentence without a final period.
    pub reason: String,
    /// Where it stands.
    pub place: Option<Label>,
    /// The text to put there by hand, where it is known.
    pub instead: Option<String>,
}

/// What a fix does to an instruction of its Dockerfile; all others keep every byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepChange {
    /// It reads otherwise afterwards, and is still the same kind of instruction.
    Rewritten,
    /// The same, with an ARG in front of it that was not there.
    Preceded,
    /// It goes whole.
    Removed,
    /// A RUN stands in its place.
    Replaced,
}

/// What a person has to do after a fix, or instead of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FollowUp {
    /// A value that was baked into images or files is burned: rotate it. The text names the credential.
    Rotate(String),
    /// Something has to be provided where the image is built; the text says what and where.
    Provide(String),
    /// Anything else.
    Do(String),
}

/// The repair of one finding: all its edits over all its files, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// A verb phrase: ``mount `NPM_TOKEN` as secret `npm_token` in 2 RUN instructions``.
    pub title: String,
    /// How sure it is.
    pub applicability: Applicability,
    /// The edits by file, in places of the analysed files; empty for a Manual fix.
    pub edits: BTreeMap<Utf8PathBuf, Vec<Edit>>,
    /// The instructions that change, as indices into the Dockerfile's steps.
    pub steps: BTreeMap<usize, StepChange>,
    /// The RUNs that no longer need the value, because what they did with it was to write it down.
    pub released: BTreeSet<usize>,
    /// What is edited as a whole: the builds, by file and index, and the Dockerfile with index 0. Fixes that share one are
    /// made one after the other.
    pub units: BTreeSet<(Utf8PathBuf, usize)>,
    /// What is taken for granted, one sentence each; not empty exactly when the fix is Unsafe.
    pub assumptions: Vec<String>,
    /// What stands in the way; not empty exactly when the fix is Manual.
    pub obstacles: Vec<Obstacle>,
    /// What every build of the Dockerfile is asked for, also one that is written down in another repository.
    pub requests: Vec<Request>,
    /// What every build of the Dockerfile has to hand over besides.
    pub offers: Vec<Offer>,
    /// What a person still has to do.
    pub follow_ups: Vec<FollowUp>,
    /// The credentials that it is about, where the analysed files write them out: no report may show them.
    pub concealed: Vec<SecretValue>,
}

/// One thing that is wrong, with its repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The id of the codemod that found it.
    pub codemod: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The Dockerfile that it is about, from the repository's root.
    pub dockerfile: Utf8PathBuf,
    /// What it is about, such as the build argument's name.
    pub subject: String,
    /// One sentence without a final period.
    pub title: String,
    /// The place to look at first.
    pub primary: Label,
    /// Other places: uses, where the value comes to rest, builds that pass it.
    pub labels: Vec<Label>,
    /// What a person should know, one sentence each.
    pub notes: Vec<String>,
    /// The repair.
    pub fix: Fix,
}

/// What identifies a finding while files are being edited: codemod, Dockerfile and subject.
pub type Key = (&'static str, Utf8PathBuf, String);

impl Finding {
    /// What identifies the finding while files are being edited.
    #[must_use]
    pub fn key(&self) -> Key {
        (self.codemod, self.dockerfile.clone(), self.subject.clone())
    }
}
