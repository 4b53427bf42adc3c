//! The options of `--pr`.

use clap::{Args, ValueEnum};

use crate::{
    cli::{Arguments, commit::Parts},
    forge::{Kind, People},
};

/// How a fix is proposed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Proposing")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Proposing {
    /// Open a pull request with the fixes, for the branch that is checked out.
    ///
    /// The fixes are committed to a branch (dfmigrate/secrets, or that of --branch) and pushed; then what was checked
    /// out before is again. A pull request of an earlier run is updated. One that a person closed stays closed, and a
    /// branch that a person committed to stays as it is. docs/pull-requests.md says where the token comes from.
    #[arg(long, requires = "fix", conflicts_with_all = ["interactive", "base"], group = "recording")]
    pub pr: bool,

    /// Open it as a draft.
    #[arg(long, requires = "pr")]
    pub draft: bool,

    /// Print the branch, the commits and the text of each pull request, and do nothing: no file is written, no network
    /// is used.
    #[arg(long, requires = "pr")]
    pub dry_run: bool,

    /// The branch that the pull request is for, instead of the one that is checked out.
    #[arg(long, value_name = "BRANCH", requires = "pr")]
    pub pr_base: Option<String>,

    /// Add this label to a new pull request.
    #[arg(long = "label", value_name = "NAME", requires = "pr")]
    pub labels: Vec<String>,

    /// Ask this person, or a team as ORGANISATION/TEAM, to review a new pull request.
    #[arg(long = "reviewer", value_name = "NAME", requires = "pr")]
    pub reviewers: Vec<String>,

    /// Assign a new pull request to this person.
    #[arg(long = "assignee", value_name = "NAME", requires = "pr")]
    pub assignees: Vec<String>,

    /// Open no new pull request while so many of dfmigrate's are open in the repositories of this run.
    #[arg(long, value_name = "NUMBER", requires = "pr")]
    pub max_open: Option<usize>,

    /// Push to a fork where the token may not push to the repository itself.
    ///
    /// The fork is made in the account of the token if it is not there, and becomes the remote `dfmigrate-fork`.
    #[arg(long, requires = "pr")]
    pub fork: bool,

    /// The kind of forge, where the host of the remote doesn't tell.
    #[arg(long, value_name = "KIND", value_enum, requires = "pr")]
    pub forge: Option<ForgeName>,

    /// The address of the forge's first page, where the remote doesn't tell: a port, a path below which it lies.
    #[arg(long, value_name = "URL", requires = "pr")]
    pub forge_url: Option<String>,
}

/// A kind of forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ForgeName {
    /// GitHub and GitHub Enterprise.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea.
    Gitea,
    /// Forgejo.
    Forgejo,
    /// Bitbucket Cloud.
    Bitbucket,
    /// Bitbucket Data Center and Server.
    BitbucketServer,
    /// Azure DevOps.
    Azure,
}

impl From<ForgeName> for Kind {
    fn from(name: ForgeName) -> Self {
        match name {
            ForgeName::Github => Self::GitHub,
            ForgeName::Gitlab => Self::GitLab,
            ForgeName::Gitea | ForgeName::Forgejo => Self::Gitea,
            ForgeName::Bitbucket => Self::Bitbucket,
            ForgeName::BitbucketServer => Self::BitbucketServer,
            ForgeName::Azure => Self::Azure,
        }
    }
}

impl Proposing {
    /// Who is told about a new pull request.
    pub(super) fn people(&self) -> People {
        let (labels, reviewers, assignees) = (self.labels.clone(), self.reviewers.clone(), self.assignees.clone());
        People { labels, reviewers, assignees }
    }
}

/// The branch that pull requests come from, if nobody names one.
const BRANCH: &str = "dfmigrate/secrets";

/// The arguments with what `--pr` implies: commits on a branch, pushed.
pub(super) fn implied(arguments: &Arguments) -> Arguments {
    let mut arguments = arguments.clone();
    let committing = &mut arguments.committing;
    committing.commit = committing.commit.or(Some(Parts::All));
    committing.branch = committing.branch.take().or_else(|| Some(BRANCH.to_owned()));
    committing.push = true;
    arguments
}
