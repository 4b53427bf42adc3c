//! What git knows of a work tree, and the commits, branches and pushes that are made for a fix.
//!
//! Looking goes through libgit2 in this process: the state of the work tree, the index, commits, configuration. It runs
//! no hook, no filter program, no file system monitor, no external diff and no ssh command, so that nothing which a
//! repository configures is executed by looking at it.
//!
//! Doing goes through the git program, and only when a commit was asked for: [`commit`], [`switch`] and [`push`] run what
//! a `git commit`, `git switch` or `git push` of the same user in the same clone would run, which is hooks, filters,
//! signing programs, credential helpers and ssh with all of its configuration.

mod branch;
mod changed;
mod commit;
mod content;
mod error;
mod message;
mod mirror;
mod own;
mod program;
mod push;
mod ready;
mod remote;
mod repository;
mod work_tree;

pub use branch::{Branch, How, switch};
pub use changed::changed_since;
pub use commit::{Commit, commit};
pub use content::check_files;
pub use error::GitError;
pub use message::Message;
pub use mirror::{Heads, Mirror};
pub use own::is_own;
pub use push::{Moved, Pushed, push};
pub use ready::check_state;
pub use remote::{FORK, addresses, set_fork};
pub use repository::{Head, Hooks, Repository};
pub use work_tree::{WorkTree, state, untracked};

use camino::Utf8Path;
use git2::{ErrorClass, ErrorCode};

/// The repository whose work tree begins at `root`, if there is one.
fn open(root: &Utf8Path) -> Result<Option<git2::Repository>, GitError> {
    match git2::Repository::open(root) {
        Ok(repository) if repository.workdir().is_some() => Ok(Some(repository)),
        Ok(_) => Ok(None),
        Err(error) if error.code() == ErrorCode::NotFound && error.class() == ErrorClass::Repository => Ok(None),
        Err(error) if error.code() == ErrorCode::Owner => Err(GitError::Owner(root.to_owned())),
        Err(error) => Err(GitError::Git { root: root.to_owned(), error }),
    }
}
