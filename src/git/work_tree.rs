use camino::{Utf8Path, Utf8PathBuf};
use git2::{Index, Status, StatusOptions};

use super::{GitError, open};

/// A work tree and what is not committed in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTree {
    /// The directory for this work tree's own data: `.git`, or what the `.git` file of a linked one names.
    pub git_directory: Utf8PathBuf,
    /// Tracked files that differ from the index, from the root, in order.
    pub dirty: Vec<Utf8PathBuf>,
    /// Files whose index entry differs from the last commit, from the root, in order.
    pub staged: Vec<Utf8PathBuf>,
}

/// The state of the work tree at `root`; `None` where there is no repository with a work tree.
///
/// # Errors
/// The repository belongs to another user or can't be read.
pub fn state(root: &Utf8Path) -> Result<Option<WorkTree>, GitError> {
    let Some(repository) = open(root)? else { return Ok(None) };
    let failed = |error| GitError::Git { root: root.to_owned(), error };
    let index = repository.index().map_err(failed)?;
    let mut options = StatusOptions::new();
    options.include_untracked(false).include_ignored(false).exclude_submodules(true);
    let statuses = repository.statuses(Some(&mut options)).map_err(failed)?;
    let (mut dirty, mut staged) = (Vec::new(), Vec::new());
    for entry in statuses.iter() {
        let path = Utf8PathBuf::from(String::from_utf8_lossy(entry.path_bytes()).into_owned());
        if entry.status().intersects(STAGED) {
            staged.push(path.clone());
        }
        // libgit2 takes what a sparse checkout leaves out for deleted.
        let is_left_out = entry.status().contains(Status::WT_DELETED) && is_skipped(&index, entry.path_bytes());
        if entry.status().intersects(DIRTY) && !is_left_out {
            dirty.push(path);
        }
    }
    let git_directory = Utf8PathBuf::from(repository.path().to_string_lossy().into_owned());
    Ok(Some(WorkTree { git_directory, dirty, staged }))
}

/// The bit `skip-worktree` of an index entry's extended flags (gitformat-index).
pub(super) const SKIPPED: u16 = 1 << 14;

fn is_skipped(index: &Index, path: &[u8]) -> bool {
    let path = std::path::Path::new(std::str::from_utf8(path).unwrap_or_default());
    index.get_path(path, 0).is_some_and(|entry| entry.flags_extended & SKIPPED != 0)
}

const STAGED: Status = Status::INDEX_NEW
    .union(Status::INDEX_MODIFIED)
    .union(Status::INDEX_DELETED)
    .union(Status::INDEX_RENAMED)
    .union(Status::INDEX_TYPECHANGE);

const DIRTY: Status = Status::WT_MODIFIED
    .union(Status::WT_DELETED)
    .union(Status::WT_TYPECHANGE)
    .union(Status::WT_RENAMED)
    .union(Status::CONFLICTED);

/// Those of `paths` (from the root) that exist but are not tracked: git could not bring them back after a change.
///
/// # Errors
/// The repository belongs to another user or can't be read.
pub fn untracked<'a>(
    root: &Utf8Path,
    paths: impl IntoIterator<Item = &'a Utf8Path>,
) -> Result<Vec<Utf8PathBuf>, GitError> {
    let Some(repository) = open(root)? else { return Ok(Vec::new()) };
    let index = repository.index().map_err(|error| GitError::Git { root: root.to_owned(), error })?;
    let is_tracked = |path: &Utf8Path| index.get_path(path.as_std_path(), 0).is_some();
    let exists = |path: &Utf8Path| root.join(path).symlink_metadata().is_ok();
    Ok(paths.into_iter().filter(|path| exists(path) && !is_tracked(path)).map(Utf8Path::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use git2::Repository;

    fn repository() -> (tempfile::TempDir, Utf8PathBuf, Repository) {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        let repository = Repository::init(&root).unwrap();
        for name in ["a", "b", "c"] {
            fs::write(root.join(name), "1\n").unwrap();
        }
        stage(&repository, &["a", "b", "c"]);
        let tree = repository.index().unwrap().write_tree().unwrap();
        let author = git2::Signature::now("A", "a@example.com").unwrap();
        repository.commit(Some("HEAD"), &author, &author, "c", &repository.find_tree(tree).unwrap(), &[]).unwrap();
        (directory, root, repository)
    }

    fn stage(repository: &Repository, paths: &[&str]) {
        let mut index = repository.index().unwrap();
        index.add_all(paths, git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
    }

    #[test]
    fn dirty_and_staged_files_are_told_apart_and_untracked_ones_do_not_count() {
        let (_keep, root, repository) = repository();
        let clean = state(&root).unwrap().unwrap();
        assert!(clean.dirty.is_empty() && clean.staged.is_empty());
        fs::write(root.join("a"), "22\n").unwrap();
        fs::write(root.join("b"), "22\n").unwrap();
        fs::write(root.join("new"), "1\n").unwrap();
        stage(&repository, &["b"]);
        fs::remove_file(root.join("c")).unwrap();
        let tree = state(&root).unwrap().unwrap();
        assert_eq!(tree.dirty, ["a", "c"]);
        assert_eq!(tree.staged, ["b"]);
        let asked = ["a", "new", "absent"].map(Utf8Path::new);
        assert_eq!(untracked(&root, asked).unwrap(), ["new"]);
    }

    #[test]
    fn a_plain_directory_has_no_state() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(state(Utf8Path::from_path(directory.path()).unwrap()).unwrap(), None);
    }
}
