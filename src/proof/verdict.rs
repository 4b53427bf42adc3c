//! What a proof says.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use serde::Serialize;

use super::{Leak, Origin};

/// What was shown of the builds of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Proof {
    /// One row for each Dockerfile and each different way to build it.
    pub rows: Vec<Row>,
    /// How many Dockerfiles have no secret that is known, and were not built.
    pub without_secrets: usize,
    /// What holds for all builds, one sentence each without a final period.
    pub remarks: Vec<String>,
}

/// One build, before and after the migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The Dockerfile, from the repository's root; empty for a command.
    pub dockerfile: Utf8PathBuf,
    /// Who builds it like that, as `file:line`; the command; nobody for a line of our own.
    pub callers: Vec<String>,
    /// The build of the repository as it is.
    pub before: Ran,
    /// The build of the migrated repository; nothing where it is the same.
    pub after: Option<Ran>,
    /// In what the images differ; nothing where there are no two.
    pub comparison: Option<Comparison>,
    /// What follows.
    pub verdict: Verdict,
    /// What a person should know, one sentence each without a final period.
    pub remarks: Vec<String>,
}

/// What became of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "build", rename_all = "kebab-case")]
pub enum Ran {
    /// There is an image.
    Built {
        /// Where the values rest.
        leaks: BTreeSet<Leak>,
    },
    /// It ran and failed.
    Failed {
        /// The end of its output, without secrets.
        why: String,
    },
    /// It can't run here.
    NotRun {
        /// What keeps it.
        why: String,
    },
}

/// In what two images differ, apart from what the migration is for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Comparison {
    /// The files by path, and how each differs.
    pub files: BTreeMap<String, String>,
    /// The settings, one sentence each.
    pub config: Vec<String>,
    /// Files that also differ between two builds of the original, so that nothing can be said of them.
    pub unsteady: Vec<String>,
}

/// What follows from a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It builds before and after, leaks nothing after, and the image is the same.
    Proven,
    /// There is nothing to migrate, and nothing leaks.
    Clean,
    /// A value still rests somewhere.
    Leaks,
    /// The migrated repository does not build.
    Broken,
    /// The images differ.
    Differs,
    /// Nothing could be shown.
    Unproven,
}

impl Verdict {
    /// What follows from two builds. `after` is nothing where the migration does not change this build.
    #[must_use]
    pub fn of(before: &Ran, after: Option<&Ran>, comparison: Option<&Comparison>) -> Self {
        let Ran::Built { leaks } = before else { return Self::Unproven };
        match after {
            None if leaks.is_empty() => Self::Clean,
            None => Self::Leaks,
            Some(Ran::Built { leaks }) if !leaks.is_empty() => Self::Leaks,
            Some(Ran::Built { .. }) => match comparison {
                Some(Comparison { files, config, .. }) if files.is_empty() && config.is_empty() => Self::Proven,
                Some(_) => Self::Differs,
                None => Self::Unproven,
            },
            // What ran before would run now if the migration had not been.
            Some(Ran::Failed { .. }) => Self::Broken,
            Some(Ran::NotRun { .. }) => Self::Unproven,
        }
    }

    /// Whether the build or the migration is wrong.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Leaks | Self::Broken | Self::Differs)
    }
}

impl Row {
    /// A row of `before` alone.
    pub(super) fn unproven(dockerfile: Utf8PathBuf, callers: &[Origin], before: Ran) -> Self {
        let (after, comparison, remarks) = (None, None, Vec::new());
        let callers = callers.iter().map(ToString::to_string).collect();
        Self { dockerfile, callers, before, after, comparison, verdict: Verdict::Unproven, remarks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Place;

    fn built(leaking: bool) -> Ran {
        let leak = Leak { place: Place::History, at: "history: entry 1".into(), secret: "t".into(), path: None };
        Ran::Built { leaks: leaking.then_some(leak).into_iter().collect() }
    }

    #[test]
    fn only_a_whole_proof_is_one() {
        let same = Comparison::default();
        let other = Comparison { config: vec!["`Cmd` differs".into()], ..Comparison::default() };
        let failed = Ran::Failed { why: String::new() };
        let of = Verdict::of;
        assert_eq!(of(&built(true), Some(&built(false)), Some(&same)), Verdict::Proven);
        assert_eq!(of(&built(true), Some(&built(false)), Some(&other)), Verdict::Differs);
        assert_eq!(of(&built(true), Some(&built(true)), Some(&same)), Verdict::Leaks);
        assert_eq!(of(&built(true), Some(&failed), None), Verdict::Broken);
        let not_run = Ran::NotRun { why: String::new() };
        assert_eq!(of(&built(true), Some(&not_run), None), Verdict::Unproven);
        assert_eq!(of(&built(true), Some(&built(false)), None), Verdict::Unproven);
        assert_eq!(of(&built(true), None, None), Verdict::Leaks);
        assert_eq!(of(&built(false), None, None), Verdict::Clean);
        assert_eq!(of(&failed, Some(&built(false)), Some(&same)), Verdict::Unproven);
        assert!(Verdict::Broken.is_bad() && !Verdict::Unproven.is_bad());
    }
}
