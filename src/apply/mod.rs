//! Writes a change of several files: all of them or none.
//!
//! A run goes through four steps, and a kill or a full disk in any of them loses nothing:
//!
//! 1. *Check*: every file is a regular file with the bytes that were analysed.
//! 2. *Stage*: a journal names the files; the new contents are written and synced beside the old ones.
//! 3. *Swap*: each old file gets a second name, then the new one is renamed over the first.
//! 4. *Settle*: the journal is marked as done, the second names are removed, and the journal after them.
//!
//! Until the mark everything can be undone with a rename; after it only leftovers are removed. The journal of a run
//! that was killed is found by the next one, which undoes or settles it before it does anything else.

mod check;
mod error;
mod journal;
mod swap;

pub use error::ApplyError;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::plan::FileChange;
use journal::Journal;

/// Where a change is made.
#[derive(Debug, Clone)]
pub struct Place {
    /// The root that all paths are relative to.
    pub root: Utf8PathBuf,
    /// The journal, on a path of its own: `dfmigrate/journal` in git's directory, or [`Place::without_git`].
    pub journal: Utf8PathBuf,
}

impl Place {
    /// A root whose journal lies in git's own directory, where no commit picks it up.
    #[must_use]
    pub fn in_git(root: &Utf8Path, git_directory: &Utf8Path) -> Self {
        Self { root: root.to_owned(), journal: git_directory.join("dfmigrate").join("journal") }
    }

    /// A root without git: the journal lies in the root itself while files are being written.
    #[must_use]
    pub fn without_git(root: &Utf8Path) -> Self {
        Self { root: root.to_owned(), journal: root.join(".dfmigrate-journal") }
    }
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The changed files, from the root.
    pub files: Vec<Utf8PathBuf>,
    /// Those of them that were not there before.
    pub created: Vec<Utf8PathBuf>,
}

/// Writes `files` below the root of `place`. A file that does not exist and is empty before is created.
///
/// # Errors
/// A file is no longer what was analysed, can't be replaced safely, or the disk fails. Then no file is changed, or
/// the error is [`ApplyError::HalfDone`] and the journal is kept.
pub fn write(place: &Place, files: &BTreeMap<Utf8PathBuf, FileChange>) -> Result<Receipt, ApplyError> {
    let mut journal = Journal::open(place)?;
    swap::undo_or_settle(place, &mut journal)?;
    let written = check::all(&place.root, files).and_then(|checked| {
        if !checked.is_empty() {
            swap::run(&place.root, &mut journal, &checked, &mut |from, to| std::fs::rename(from, to))?;
        }
        let created = checked.iter().filter(|file| file.metadata.is_none()).map(|file| file.path.clone()).collect();
        Ok(Receipt { files: checked.into_iter().map(|file| file.path).collect(), created })
    });
    match written {
        // The journal is what the next run needs to finish this one.
        Err(error @ (ApplyError::HalfDone { .. } | ApplyError::Leftover { .. })) => Err(error),
        other => journal.remove().and(other),
    }
}

/// Undoes a [`write`] of the same `files`: every file gets its old content again, and what was created is removed.
///
/// # Errors
/// A file is no longer what was written, or the disk fails. Then no file has its old content again, except where only the
/// removal of a created file failed.
pub fn revert(place: &Place, files: &BTreeMap<Utf8PathBuf, FileChange>, receipt: &Receipt) -> Result<(), ApplyError> {
    let is_created = |path: &Utf8Path| receipt.created.iter().any(|created| created == path);
    let (created, changed): (BTreeMap<_, _>, BTreeMap<_, _>) =
        files.iter().map(|(path, change)| (path.clone(), change.clone())).partition(|(path, _)| is_created(path));
    for (path, change) in &created {
        check::is_as(&place.root, path, &change.after.encode())?;
    }
    let back = changed.into_iter().map(|(path, FileChange { before, after })| {
        let change = FileChange { before: after, after: before };
        (path, change)
    });
    write(place, &back.collect())?;
    created.into_keys().try_for_each(|path| {
        let removed = std::fs::remove_file(place.root.join(&path));
        removed.map_err(|error| ApplyError::Io { step: "removing", path, error })
    })
}

/// Undoes or settles what a killed run left. True if there was something.
///
/// # Errors
/// The journal can't be read or a file can't be brought back.
pub fn recover(place: &Place) -> Result<bool, ApplyError> {
    if place.journal.symlink_metadata().is_err() {
        return Ok(false);
    }
    let mut journal = Journal::open(place)?;
    let found = swap::undo_or_settle(place, &mut journal)?;
    journal.remove()?;
    Ok(found)
}

#[cfg(test)]
mod tests;
