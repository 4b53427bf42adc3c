use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use git2::{DiffOptions, ErrorCode};

use super::{GitError, open};

/// The files of the work tree at `root` that are not as they were where its history parted from `revision`: changed in
/// commits, in the index, in the work tree, or not tracked. A file that was renamed is there with both paths.
///
/// # Errors
/// There is no repository, no such revision, no common history here, or the repository can't be read.
pub fn changed_since(root: &Utf8Path, revision: &str) -> Result<BTreeSet<Utf8PathBuf>, GitError> {
    let unknown = || GitError::Revision(revision.to_owned());
    let repository = open(root)?.ok_or_else(unknown)?;
    let failed = |error| GitError::Git { root: root.to_owned(), error };
    let named = repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
    let named = named.map_err(|_| unknown())?.id();
    let head = repository.head().and_then(|head| head.peel_to_commit()).map_err(failed)?.id();
    let base = repository.merge_base(head, named).map_err(|error| match error.code() {
        ErrorCode::NotFound => GitError::NoCommonHistory(revision.to_owned()),
        _ => failed(error),
    })?;
    let tree = repository.find_commit(base).and_then(|commit| commit.tree()).map_err(failed)?;
    let mut options = DiffOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).ignore_submodules(true);
    let diff = repository.diff_tree_to_workdir_with_index(Some(&tree), Some(&mut options)).map_err(failed)?;
    let files = diff.deltas().flat_map(|delta| [delta.old_file().path_bytes(), delta.new_file().path_bytes()]);
    Ok(files.flatten().map(|path| String::from_utf8_lossy(path).into_owned().into()).collect())
}
