//! Which commits are this program's own.
//!
//! A trailer alone proves nothing: it survives when a person amends the commit. So the trailer holds a digest of what the
//! commit changes, and a commit is own while it still changes exactly that. Rebasing keeps it, editing does not.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use git2::{Commit, Delta, ObjectType, Oid};

use super::{GitError, Repository};

/// The trailer with the digest of what the commit changes.
pub(super) const TRAILER: &str = "Dfmigrate-Change";

/// The digest of a change: the git blob id of the names and contents of the files after it.
pub(super) fn digest(contents: &BTreeMap<Utf8PathBuf, Oid>) -> Result<Oid, git2::Error> {
    let text: String = contents.iter().map(|(path, id)| format!("{id} {path}\0")).collect();
    Oid::hash_object(ObjectType::Blob, text.as_bytes())
}

/// Whether the commit with this id was made by this program and is still what it made.
///
/// # Errors
/// The commit can't be read.
pub fn is_own(repository: &Repository, commit: &str) -> Result<bool, GitError> {
    let read = repository.read()?;
    let own = Oid::from_str(commit).and_then(|id| is_own_commit(&read, id));
    own.map_err(|error| repository.failed(error))
}

pub(super) fn is_own_commit(repository: &git2::Repository, id: Oid) -> Result<bool, git2::Error> {
    let commit = repository.find_commit(id)?;
    // A merge has two parents; at the end of a shallow clone the parent is named and not there.
    if commit.parent_count() != 1 || commit.parent(0).is_err() {
        return Ok(false);
    }
    let message = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
    let trailers = git2::message_trailers_strs(&message)?;
    let said = trailers.iter().find(|(name, _)| name.eq_ignore_ascii_case(TRAILER)).map(|(_, value)| value.to_owned());
    let Some(said) = said else { return Ok(false) };
    let changed = changed(repository, &commit)?;
    Ok(match changed {
        Some(contents) => digest(&contents)?.to_string() == said.trim(),
        None => false,
    })
}

/// The files that a commit changes with what they hold after it; `None` if it does something else than write files.
pub(super) fn changed(
    repository: &git2::Repository,
    commit: &Commit<'_>,
) -> Result<Option<BTreeMap<Utf8PathBuf, Oid>>, git2::Error> {
    let (old, new) = (commit.parent(0)?.tree()?, commit.tree()?);
    let diff = repository.diff_tree_to_tree(Some(&old), Some(&new), None)?;
    let mut contents = BTreeMap::new();
    for delta in diff.deltas() {
        let path = delta.new_file().path().and_then(Utf8Path::from_path);
        let same_mode = delta.status() == Delta::Added || delta.old_file().mode() == delta.new_file().mode();
        match path {
            Some(path) if same_mode && delta.status() != Delta::Deleted => {
                contents.insert(path.to_owned(), delta.new_file().id());
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(contents))
}
