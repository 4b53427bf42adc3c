use super::{GitError, Head, Repository, program};

/// Checks that a commit can be made at all. `detached` allows one that no branch will hold.
///
/// # Errors
/// There is no commit yet, no branch is checked out, a merge or the like is going on, the index is locked, or git does
/// not know who commits.
pub fn check_state(repository: &Repository, detached: bool) -> Result<(), GitError> {
    if let Some(operation) = repository.operation {
        return Err(GitError::Operation(operation));
    }
    match &repository.head {
        Head::Unborn(branch) => return Err(GitError::Unborn(branch.clone())),
        Head::Detached(commit) if !detached => return Err(GitError::Detached(commit.chars().take(10).collect())),
        Head::Detached(_) | Head::Branch(_) => {}
    }
    let lock = repository.git_directory.join("index.lock");
    if lock.symlink_metadata().is_ok() {
        return Err(GitError::Locked(lock));
    }
    for ident in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
        let answer = program::run(repository, &["var", ident], "")?;
        if !answer.success {
            return Err(GitError::Identity(answer.output));
        }
    }
    Ok(())
}
