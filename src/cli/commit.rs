//! `--commit`, `--branch` and `--push`: what becomes of a fix in git.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::{Arguments, Failure, Outcome, Streams, analysis::Analysis, gate};
use crate::{
    apply::{self, Place, Receipt},
    codemods,
    git::{self, Branch, Commit, GitError, Head, Hooks, How, Message, Moved},
    plan::{self, Policy, Stage, Status},
    repository,
};

/// What is done with a fix in git.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Committing")]
pub struct Committing {
    /// Commit what was fixed: in one commit, or one for each codemod.
    ///
    /// Only the files of the fixes are committed, whatever is staged beside them. The git program makes the commit, with
    /// the author, the signature and the hooks of its configuration; if it is refused, the files are again what they
    /// were.
    #[arg(
        long, value_name = "HOW", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "all",
        requires = "writing"
    )]
    pub commit: Option<Parts>,

    /// Commit on this branch: it is made where there is none, and used if all of its commits are dfmigrate's own.
    #[arg(long, value_name = "NAME", requires = "commit")]
    pub branch: Option<String>,

    /// Where the branch begins, instead of what is checked out.
    #[arg(long, value_name = "REVISION", requires = "branch")]
    pub base: Option<String>,

    /// Push the commits. Nothing of somebody else is ever overwritten.
    #[arg(long, requires = "commit")]
    pub push: bool,

    /// Where to push to, instead of the remote that git's configuration names.
    #[arg(long, value_name = "NAME", requires = "push")]
    pub remote: Option<String>,

    /// Pass over the hooks that could refuse the commit or the push, as `--no-verify` of git does.
    #[arg(long, requires = "commit")]
    pub no_verify: bool,

    /// Commit although no branch is checked out, so that only HEAD will hold the commit.
    #[arg(long, requires = "commit")]
    pub allow_detached: bool,
}

/// How many commits are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Parts {
    /// One commit with all fixes.
    All,
    /// One commit for each codemod, where their fixes can be told apart.
    Each,
}

/// The repositories of a run and the commits that are made in them.
pub(super) struct Recorder<'a> {
    options: &'a Committing,
    desks: BTreeMap<Utf8PathBuf, Desk>,
}

/// A repository in which commits are made.
struct Desk {
    repository: git::Repository,
    branch: Option<Branch>,
    commits: Vec<Commit>,
}

impl<'a> Recorder<'a> {
    /// Checks that commits can be made, and checks out the branches for them. Without `--commit` it does nothing.
    pub(super) fn begin(arguments: &'a Arguments) -> Result<Self, Failure> {
        let options = &arguments.committing;
        let mut recorder = Self { options, desks: BTreeMap::new() };
        if options.commit.is_none() {
            return Ok(recorder);
        }
        match recorder.open(arguments) {
            Ok(()) => Ok(recorder),
            Err(failure) => Err(recorder.leave().err().unwrap_or(failure)),
        }
    }

    fn open(&mut self, arguments: &Arguments) -> Result<(), Failure> {
        for root in repository::discover(&arguments.paths)? {
            let found = git::Repository::open(&root.path)?;
            let mut repository = found.ok_or_else(|| {
                Failure::new(format!("`{}` is in no git repository, so nothing can be committed", root.path))
            })?;
            if self.options.no_verify {
                repository.hooks = Hooks::Skip;
            }
            let detached = self.options.allow_detached || self.options.branch.is_some();
            git::check_state(&repository, detached).map_err(failure)?;
            gate::work_in_progress(&root.path, arguments)?;
            self.desks.insert(root.path, Desk { repository, branch: None, commits: Vec::new() });
        }
        let Some(name) = &self.options.branch else { return Ok(()) };
        for desk in self.desks.values_mut() {
            let branch = git::switch(&desk.repository, name, self.options.base.as_deref());
            desk.branch = Some(branch.map_err(failure)?);
        }
        Ok(())
    }

    /// Writes the plan of `analysis`, and commits it if that was asked for.
    pub(super) fn write(&mut self, analysis: &Analysis, place: &Place, policy: &Policy) -> Result<Receipt, Failure> {
        let Some(desk) = self.desks.get_mut(&analysis.root.path) else {
            return Ok(apply::write(place, &analysis.plan.files)?);
        };
        desk.repository.redactor = analysis.redactor.clone();
        git::check_files(&desk.repository, &analysis.plan.files).map_err(failure)?;
        for stage in stages(analysis, policy, self.options.commit) {
            let message = Message::of(&stage.findings, &analysis.redactor);
            let commit = git::commit(&desk.repository, place, &stage.files, &message);
            desk.commits.push(commit.map_err(|error| with_commits(failure(error), &desk.commits))?);
        }
        Ok(Receipt { files: analysis.plan.files.keys().cloned().collect(), created: Vec::new() })
    }

    /// Says what was committed.
    pub(super) fn print(&self, streams: &mut Streams) -> Result<(), Failure> {
        for desk in self.desks.values().filter(|desk| !desk.commits.is_empty()) {
            let place = desk.branch_name().map_or_else(String::new, |name| format!(" to `{name}`"));
            streams.print(format_args!("\ncommitted{place}:"))?;
            for commit in &desk.commits {
                streams.print(format_args!("  {}", line(commit)))?;
                if !commit.changed_by_hook.is_empty() {
                    streams.notice(GitError::ChangedByHook(commit.changed_by_hook.clone()))?;
                }
            }
        }
        Ok(())
    }

    /// Pushes what was committed, if that was asked for.
    pub(super) fn push(&self, streams: &mut Streams) -> Result<(), Failure> {
        if !self.options.push {
            return Ok(());
        }
        for desk in self.desks.values().filter(|desk| desk.has_something_to_push()) {
            let changed = desk.commits.iter().find(|commit| !commit.changed_by_hook.is_empty());
            if let Some(commit) = changed {
                return Err(failure(GitError::ChangedByHook(commit.changed_by_hook.clone())));
            }
            let name = desk
                .branch_name()
                .ok_or_else(|| Failure::new("only a branch can be pushed").hint("pass `--branch NAME` to make one"))?;
            let pushed = git::push(&desk.repository, &name, self.options.remote.as_deref(), desk.branch.is_some());
            let pushed = pushed.map_err(|error| with_commits(failure(error), &desk.commits))?;
            let how = match pushed.how {
                Moved::Unchanged => "is up to date",
                Moved::Created => "was pushed, and is new there",
                Moved::Advanced => "was pushed",
                Moved::Replaced => "was pushed, in place of the commits of an earlier run",
            };
            streams.print(format_args!("`{}/{}` {how}", pushed.remote, pushed.branch))?;
        }
        Ok(())
    }

    /// Ends the run: where nothing was committed, what was checked out before is again.
    pub(super) fn end(self, outcome: Result<Outcome, Failure>) -> Result<Outcome, Failure> {
        let left = self.leave();
        let outcome = outcome?;
        left.map(|()| outcome)
    }

    fn leave(&self) -> Result<(), Failure> {
        let idle = self.desks.values().filter(|desk| desk.commits.is_empty());
        let left = idle.filter_map(|desk| Some(desk.branch.as_ref()?.leave(&desk.repository)));
        // All are tried before the first failure is told.
        let left: Vec<Result<(), GitError>> = left.collect();
        left.into_iter().collect::<Result<(), GitError>>().map_err(failure)
    }
}

impl Desk {
    fn branch_name(&self) -> Option<String> {
        match (&self.branch, &self.repository.head) {
            (Some(branch), _) => Some(branch.name.clone()),
            (None, Head::Branch(name)) => Some(name.clone()),
            (None, Head::Detached(_) | Head::Unborn(_)) => None,
        }
    }

    /// A branch that an earlier run left may not have been pushed then.
    fn has_something_to_push(&self) -> bool {
        let reused = |branch: &Branch| matches!(branch.how, How::Reused | How::Current);
        !self.commits.is_empty() || self.branch.as_ref().is_some_and(reused)
    }
}

fn stages(analysis: &Analysis, policy: &Policy, parts: Option<Parts>) -> Vec<Stage> {
    let plan = &analysis.plan;
    if parts == Some(Parts::Each) {
        return plan::stages(&analysis.repository, plan, policy, codemods::ALL);
    }
    let applied = plan.findings.iter().filter(|planned| planned.status == Status::Applied);
    let whole = Stage { findings: applied.cloned().collect(), files: plan.files.clone() };
    if whole.files.is_empty() { Vec::new() } else { vec![whole] }
}

fn line(commit: &Commit) -> String {
    format!("{} {}", commit.id.chars().take(10).collect::<String>(), commit.subject)
}

/// A failure that says what was committed before it.
fn with_commits(failure: Failure, commits: &[Commit]) -> Failure {
    commits.iter().fold(failure, |failure, commit| failure.hint(format!("already committed: {}", line(commit))))
}

/// A failure of git with what a person can do about it.
fn failure(error: GitError) -> Failure {
    let hint = match &error {
        GitError::Detached(_) => Some("pass `--branch NAME` to make a branch, or `--allow-detached` to commit anyway"),
        GitError::Unfit(_) => Some("commit your own changes first, or fix without `--commit`"),
        GitError::Refused { .. } | GitError::Stranded { .. } => {
            Some("`--no-verify` passes over hooks that refuse a commit, as it does for git")
        }
        GitError::Foreign { .. } => Some("choose another name with `--branch`"),
        GitError::Remote(_) | GitError::ManyRemotes(_) => Some("`git remote` lists them; choose one with `--remote`"),
        _ => None,
    };
    match hint {
        Some(hint) => Failure::from(error).hint(hint),
        None => Failure::from(error),
    }
}
