//! Which remote a branch is pushed to.

use super::{GitError, Repository};

/// The remote that `branch` is pushed to: the one that was asked for, otherwise the one that git itself would choose
/// (gitremote: `branch.<name>.pushRemote`, `remote.pushDefault`, `branch.<name>.remote`), then that of the branch that
/// the work began at, `origin`, or the only one.
pub(super) fn of(repository: &Repository, branch: &str, asked: Option<&str>) -> Result<String, GitError> {
    let read = repository.read()?;
    let failed = |error| repository.failed(error);
    let config = read.config().and_then(|mut config| config.snapshot()).map_err(failed)?;
    let names = read.remotes().map_err(failed)?;
    let names: Vec<String> = names.iter().flatten().flatten().map(str::to_owned).collect();
    if let Some(asked) = asked {
        let known = names.iter().any(|name| name == asked);
        return if known { Ok(asked.to_owned()) } else { Err(GitError::Remote(Some(asked.to_owned()))) };
    }
    let keys =
        [format!("branch.{branch}.pushremote"), "remote.pushdefault".to_owned(), format!("branch.{branch}.remote")];
    let configured = keys.iter().filter_map(|key| config.get_string(key).ok());
    // A branch that follows a local one has the remote `.`.
    let mut wanted = configured.chain(["origin".to_owned()]).filter(|name| names.contains(name));
    match (wanted.next(), names.as_slice()) {
        (Some(name), _) => Ok(name),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(GitError::Remote(None)),
        (None, _) => Err(GitError::ManyRemotes(names)),
    }
}
