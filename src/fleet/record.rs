use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::Target;

/// The version of a record's form. A program that finds a newer one leaves it alone.
pub const SCHEMA: u32 = 1;

/// What is known of one repository. Every text in it is redacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// See [`SCHEMA`].
    pub schema: u32,
    /// The repository's [name](Target::name).
    pub name: String,
    /// Which of its changes it is about.
    #[serde(default)]
    pub part: Part,
    /// Where it is.
    pub url: String,
    /// How far it came.
    pub stage: Stage,
    /// When it was looked at last, in seconds since 1970.
    pub updated: u64,
    /// What was found in the base.
    pub findings: Vec<Found>,
    /// What people have to do, in a clause each.
    pub steps: Vec<String>,
    /// Why it failed.
    pub failure: Option<String>,
    /// What was looked at.
    pub seen: Option<Seen>,
    /// The pull request.
    pub request: Option<Request>,
    /// What it takes from other repositories.
    pub references: Vec<super::Reference>,
    /// The files that the change touches, from the root.
    #[serde(default)]
    pub files: Vec<Utf8PathBuf>,
    /// What its Dockerfiles take from builds.
    #[serde(default)]
    pub interfaces: Vec<super::Interface>,
    /// The builds in it that are of other repositories.
    #[serde(default)]
    pub builds: Vec<super::OuterBuild>,
    /// How it came here, the oldest first.
    pub history: Vec<Event>,
}

/// One of the two changes that a repository may get, each on a branch of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What leaks in it.
    #[default]
    Own,
    /// What its builds of other repositories' Dockerfiles have to pass.
    Callers,
}

/// How far a repository came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It could not be looked at, or a step failed.
    Failed,
    /// There are findings, and none of them can be fixed as things are.
    Refused,
    /// There are fixes, which were not asked for yet.
    Planned,
    /// The fixes are on a branch of the remote.
    Committed,
    /// A pull request is open.
    Proposed,
    /// A person closed the pull request.
    Closed,
    /// The pull request was merged.
    Merged,
    /// Nothing is found.
    Clean,
}

impl Stage {
    /// All, in the order in which they want attention.
    pub const ALL: [Self; 8] = [
        Self::Failed,
        Self::Refused,
        Self::Planned,
        Self::Committed,
        Self::Proposed,
        Self::Closed,
        Self::Merged,
        Self::Clean,
    ];

    /// The word for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Planned => "planned",
            Self::Committed => "committed",
            Self::Proposed => "proposed",
            Self::Closed => "closed",
            Self::Merged => "merged",
            Self::Clean => "clean",
        }
    }

    /// What has become of the fixes of a change.
    #[must_use]
    pub fn of_fixes(self) -> &'static str {
        match self {
            Self::Failed | Self::Refused | Self::Planned => "can be fixed",
            Self::Committed => "fixed on a branch",
            Self::Proposed => "fixed in the pull request",
            Self::Closed => "fixed in the pull request that was closed",
            Self::Merged | Self::Clean => "fixed",
        }
    }

    /// Who is waited for, where somebody is.
    #[must_use]
    pub fn waits_for(self) -> Option<&'static str> {
        match self {
            Self::Failed => Some("whoever runs dfmigrate: see the failure"),
            Self::Refused => Some("the maintainers: no fix can be made without them"),
            Self::Planned => Some("whoever runs dfmigrate: the fix is not on a branch yet"),
            Self::Committed => Some("the maintainers: a branch waits for a pull request"),
            Self::Proposed => Some("the reviewers: a pull request waits"),
            Self::Closed => Some("the maintainers: the pull request was closed, and the leak is still there"),
            Self::Merged | Self::Clean => None,
        }
    }
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The codemod's id.
    pub codemod: String,
    /// `error` or `warning`.
    pub severity: String,
    /// The file and the line, from the root: `Dockerfile:4`.
    pub place: String,
    /// What leaks.
    pub title: String,
    /// Whether a fix is part of the change.
    pub fixed: bool,
    /// Why not, where it is not.
    pub reason: Option<String>,
}

/// The state of things that a record speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The branch that the fixes are for.
    pub base: String,
    /// The commit that it was at, in hexadecimal.
    pub base_commit: String,
    /// The branch of the fixes.
    pub branch: String,
    /// The commit that it was at on the remote afterwards, in hexadecimal.
    pub own_commit: Option<String>,
    /// The program's version and the options that decide what is found.
    pub options: String,
    /// What was done with it, as options; empty where it was only looked at.
    #[serde(default)]
    pub steps: String,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its page.
    pub url: String,
    /// Its number.
    pub number: u64,
    /// What became of it.
    pub state: RequestState,
}

/// What became of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestState {
    /// It waits.
    Open,
    /// A person closed it.
    Closed,
    /// It was merged.
    Merged,
}

/// A step in the life of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// When, in seconds since 1970.
    pub at: u64,
    /// How far it came.
    pub stage: Stage,
    /// How many findings the base had.
    pub findings: usize,
    /// How many of them the change fixes.
    pub fixed: usize,
}

impl Record {
    /// The record of a repository that nothing is known of.
    #[must_use]
    pub fn new(target: &Target, part: Part) -> Self {
        Self {
            schema: SCHEMA,
            name: target.name.clone(),
            part,
            url: target.url.clone(),
            stage: Stage::Failed,
            updated: 0,
            findings: Vec::new(),
            steps: Vec::new(),
            failure: None,
            seen: None,
            request: None,
            references: Vec::new(),
            files: Vec::new(),
            interfaces: Vec::new(),
            builds: Vec::new(),
            history: Vec::new(),
        }
    }

    /// The name for people, which says which of the repository's changes it is.
    #[must_use]
    pub fn title(&self) -> String {
        match self.part {
            Part::Own => self.name.clone(),
            Part::Callers => format!("{} (builds of others)", self.name),
        }
    }

    /// The findings that the change fixes.
    #[must_use]
    pub fn fixed(&self) -> usize {
        self.findings.iter().filter(|found| found.fixed).count()
    }

    /// Says what became of the repository at `at`. The history gets what is new and no repetition.
    pub fn reach(&mut self, stage: Stage, at: u64) {
        self.stage = stage;
        self.updated = at;
        let event = Event { at, stage, findings: self.findings.len(), fixed: self.fixed() };
        let same = |last: &Event| Event { at, ..last.clone() } == event;
        if !self.history.last().is_some_and(same) {
            self.history.push(event);
        }
    }

    /// Says that it failed, and why. What is known of the findings stays known.
    pub fn fail(&mut self, reason: String, at: u64) {
        self.failure = Some(reason);
        self.reach(Stage::Failed, at);
    }

    /// One record of two: what the newer one says, and the history of both.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let (older, mut newer) = if self.updated <= other.updated { (self, other) } else { (other, self) };
        newer.history.extend(older.history);
        newer.history.sort();
        newer.history.dedup();
        newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_has_what_is_new_and_merging_keeps_all_of_it() {
        let mut one = Record::new(&Target::parse("https://github.com/acme/shop").unwrap(), Part::Own);
        one.reach(Stage::Planned, 10);
        one.reach(Stage::Planned, 20);
        let mut two = one.clone();
        two.reach(Stage::Committed, 30);
        one.fail("no network".into(), 25);
        let merged = one.clone().merged(two.clone());
        assert_eq!(merged, two.merged(one));
        let stages: Vec<_> = merged.history.iter().map(|event| (event.at, event.stage)).collect();
        assert_eq!(stages, [(10, Stage::Planned), (25, Stage::Failed), (30, Stage::Committed)]);
        assert_eq!((merged.stage, merged.updated), (Stage::Committed, 30));
    }
}
