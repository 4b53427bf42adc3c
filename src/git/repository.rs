use camino::{Utf8Path, Utf8PathBuf};
use git2::{Oid, RepositoryState};

use super::{GitError, open};
use crate::report::Redactor;

/// A repository with a work tree, as it is when it is opened.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The root of the work tree.
    pub root: Utf8PathBuf,
    /// The directory for this work tree's own data: `.git`, or what the `.git` file of a linked one names.
    pub git_directory: Utf8PathBuf,
    /// What is checked out.
    pub head: Head,
    /// Hides secrets in what hooks, servers and the git program say.
    pub redactor: Redactor,
    /// Whether the hooks `pre-commit`, `commit-msg` and `pre-push` are run.
    pub hooks: Hooks,
    /// Whether the git program may ask for a password at the terminal.
    pub may_ask: bool,
    /// What is going on, such as `a merge`.
    pub(super) operation: Option<&'static str>,
}

/// What is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A branch, by its short name.
    Branch(String),
    /// A commit without a branch, in hexadecimal.
    Detached(String),
    /// A branch that has no commit yet, by its short name.
    Unborn(String),
}

/// Whether hooks may refuse a commit or a push.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hooks {
    /// They run, as git runs them.
    #[default]
    Run,
    /// They are passed over, as with `--no-verify` of git.
    Skip,
}

impl Repository {
    /// The repository at `root`; `None` where there is none with a work tree.
    ///
    /// # Errors
    /// It belongs to another user or can't be read.
    pub fn open(root: &Utf8Path) -> Result<Option<Self>, GitError> {
        let Some(repository) = open(root)? else { return Ok(None) };
        let head = head(&repository).map_err(|error| GitError::Git { root: root.to_owned(), error })?;
        Ok(Some(Self {
            root: root.to_owned(),
            git_directory: Utf8PathBuf::from(repository.path().to_string_lossy().into_owned()),
            head,
            redactor: Redactor::default(),
            hooks: Hooks::Run,
            may_ask: true,
            operation: operation(repository.state()),
        }))
    }

    /// libgit2's view, read anew.
    pub(super) fn read(&self) -> Result<git2::Repository, GitError> {
        let failed = |error| GitError::Git { root: self.root.clone(), error };
        git2::Repository::open(&self.root).map_err(failed)
    }

    /// An error of libgit2 about this repository.
    pub(super) fn failed(&self, error: git2::Error) -> GitError {
        GitError::Git { root: self.root.clone(), error }
    }

    /// The commit that is checked out.
    pub(super) fn head_commit(&self) -> Result<Oid, GitError> {
        let commit = self.read()?.head().and_then(|head| head.peel_to_commit()).map(|commit| commit.id());
        commit.map_err(|error| self.failed(error))
    }
}

fn head(repository: &git2::Repository) -> Result<Head, git2::Error> {
    let name = |text: &str| text.strip_prefix("refs/heads/").unwrap_or(text).to_owned();
    match repository.head() {
        Ok(head) if head.is_branch() => Ok(Head::Branch(name(&String::from_utf8_lossy(head.name_bytes())))),
        Ok(head) => Ok(Head::Detached(head.peel_to_commit()?.id().to_string())),
        Err(error) if error.code() == git2::ErrorCode::UnbornBranch => {
            let head = repository.find_reference("HEAD")?;
            let target = head.symbolic_target_bytes().map(String::from_utf8_lossy);
            Ok(Head::Unborn(name(&target.unwrap_or_default())))
        }
        Err(error) => Err(error),
    }
}

/// The first digits of a commit's name, as git shows it.
pub(super) fn short(commit: Oid) -> String {
    commit.to_string().chars().take(10).collect()
}

/// What git would have to be told to end or to abort first (git-status shows the same).
fn operation(state: RepositoryState) -> Option<&'static str> {
    match state {
        RepositoryState::Clean => None,
        RepositoryState::Merge => Some("a merge"),
        RepositoryState::Revert | RepositoryState::RevertSequence => Some("a revert"),
        RepositoryState::CherryPick | RepositoryState::CherryPickSequence => Some("a cherry-pick"),
        RepositoryState::Bisect => Some("a bisect"),
        RepositoryState::Rebase | RepositoryState::RebaseInteractive | RepositoryState::RebaseMerge => Some("a rebase"),
        RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => Some("`git am`"),
    }
}
