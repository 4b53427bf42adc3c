use std::{fmt, io};

use camino::Utf8PathBuf;

use crate::apply::ApplyError;

/// Why git's view of a work tree can't be had, or why nothing was committed, switched to or pushed.
///
/// What hooks, servers and the git program say is redacted before it gets in here.
#[derive(Debug)]
pub enum GitError {
    /// The repository belongs to another user, which git refuses to trust.
    Owner(Utf8PathBuf),
    /// libgit2 could not do what was asked.
    Git {
        /// The root of the work tree.
        root: Utf8PathBuf,
        /// What libgit2 says.
        error: git2::Error,
    },
    /// The git program could not be started.
    Program(io::Error),
    /// Git's own directory can't be written.
    Io(io::Error),
    /// The git program ended with a failure.
    Failed {
        /// What was asked of it, for example `git push`.
        command: String,
        /// What it said.
        output: String,
    },
    /// There is no commit yet on the branch.
    Unborn(String),
    /// No branch is checked out; the commit that is, abbreviated.
    Detached(String),
    /// Something is going on that has to be ended first, such as `a merge`.
    Operation(&'static str),
    /// Another git process holds the lock of the index, or left it.
    Locked(Utf8PathBuf),
    /// Git does not know who commits; what it says.
    Identity(String),
    /// Files that can't be committed as they were planned, each with the reason.
    Unfit(Vec<(Utf8PathBuf, &'static str)>),
    /// The files could not be written.
    Write(ApplyError),
    /// The commit was refused, by a hook for example, and the files are again what they were.
    Refused {
        /// What git and the hooks said.
        output: String,
    },
    /// The commit was refused, and files could not be brought back.
    Stranded {
        /// What git and the hooks said.
        output: String,
        /// The files of the fix, which are in the work tree and in no commit.
        files: Vec<Utf8PathBuf>,
        /// Why they could not be brought back.
        error: ApplyError,
    },
    /// The commit was refused and the files are again what they were, but the index still has the fix.
    StillStaged {
        /// Why there is no commit.
        cause: Box<GitError>,
        /// Why the index has it still.
        error: Box<GitError>,
    },
    /// The name is none that git allows for a branch.
    BranchName(String),
    /// A revision that names no commit here.
    Revision(String),
    /// A revision whose history, as far as it is here, has no commit in common with what is checked out.
    NoCommonHistory(String),
    /// The branch has commits of somebody else.
    Foreign {
        /// The branch, with its remote where it is there.
        branch: String,
        /// The first such commit, abbreviated.
        commit: String,
    },
    /// No remote is configured, or not the one that was asked for.
    Remote(Option<String>),
    /// The remote can't be chosen: there are several and nothing says which.
    ManyRemotes(Vec<String>),
    /// A hook changed what was committed, so that it is not what was planned, and it is not pushed.
    ChangedByHook(Vec<Utf8PathBuf>),
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(root) => write!(
                f,
                "the repository at `{root}` belongs to another user; run `git config --global --add safe.directory \
                 '{root}'` if you trust it"
            ),
            Self::Git { root, .. } => write!(f, "the state of the repository at `{root}` can't be told"),
            Self::Program(_) => f.write_str("the program `git` can't be run"),
            Self::Io(_) => f.write_str("git's directory can't be written"),
            Self::Failed { command, output } => with_output(f, &format!("`{command}` failed"), output),
            Self::Unborn(branch) => {
                write!(f, "there is no commit on `{branch}` yet, so nothing can be committed to it")
            }
            Self::Detached(commit) => write!(f, "no branch is checked out (HEAD is at {commit})"),
            Self::Operation(what) => write!(f, "{what} is going on in this repository; end it first"),
            Self::Locked(lock) => write!(
                f,
                "another git process is working here, or one was killed: `{lock}` exists; remove it if none is running"
            ),
            Self::Identity(output) => with_output(f, "git does not know who commits", output),
            Self::Unfit(files) => unfit(f, files),
            Self::Write(_) => f.write_str("the fix can't be written"),
            Self::Refused { output } => {
                with_output(f, "git refused the commit; the files are again what they were", output)
            }
            Self::Stranded { output, files, .. } => with_output(
                f,
                &format!(
                    "git refused the commit, and the files changed meanwhile: the fix is in the work tree and not \
                     committed ({})",
                    names(files)
                ),
                output,
            ),
            Self::StillStaged { cause, .. } => {
                write!(f, "the fix is still staged (`git reset` takes it out of the index), because: {cause}")
            }
            Self::BranchName(name) => write!(f, "`{name}` can't be the name of a branch"),
            Self::Revision(name) => write!(f, "`{name}` names no commit of this repository"),
            Self::NoCommonHistory(name) => write!(
                f,
                "`{name}` and what is checked out have no commit in common here; in a shallow clone, fetch more of the \
                 history (`git fetch --unshallow`, `fetch-depth: 0` of actions/checkout)"
            ),
            Self::Foreign { branch, commit } => {
                write!(f, "the branch `{branch}` has work of somebody else ({commit}) and is left as it is")
            }
            Self::Remote(Some(name)) => write!(f, "there is no remote `{name}`"),
            Self::Remote(None) => f.write_str("there is no remote to push to"),
            Self::ManyRemotes(names) => write!(f, "nothing says which remote to push to: {}", names.join(", ")),
            Self::ChangedByHook(files) => write!(
                f,
                "a hook changed what was committed ({}): look at the commit, and push it if it is right",
                names(files)
            ),
        }
    }
}

fn with_output(f: &mut fmt::Formatter<'_>, message: &str, output: &str) -> fmt::Result {
    f.write_str(message)?;
    if !output.is_empty() {
        f.write_str(":")?;
    }
    output.lines().try_for_each(|line| write!(f, "\n  {line}"))
}

fn unfit(f: &mut fmt::Formatter<'_>, files: &[(Utf8PathBuf, &'static str)]) -> fmt::Result {
    f.write_str("a commit would not hold exactly what was planned:")?;
    files.iter().try_for_each(|(path, why)| write!(f, "\n  * {} {why}", crate::report::shown::line(path.as_str())))
}

fn names(files: &[Utf8PathBuf]) -> String {
    let names: Vec<String> = files.iter().map(|file| crate::report::shown::line(file.as_str())).collect();
    names.join(", ")
}

impl std::error::Error for GitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Git { error, .. } => Some(error),
            Self::Program(error) | Self::Io(error) => Some(error),
            Self::Write(error) | Self::Stranded { error, .. } => Some(error),
            Self::StillStaged { error, .. } => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl From<ApplyError> for GitError {
    fn from(error: ApplyError) -> Self {
        Self::Write(error)
    }
}
