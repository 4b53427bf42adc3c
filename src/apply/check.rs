//! The look before the leap: nothing is written if a single file is not what it was.

use std::{
    collections::BTreeMap,
    fs::{self, Metadata},
    io,
};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::ApplyError;
use crate::plan::FileChange;

/// A file that may be replaced.
#[derive(Debug)]
pub(super) struct Checked {
    /// From the root.
    pub path: Utf8PathBuf,
    /// What it holds.
    pub before: Vec<u8>,
    /// What it will hold.
    pub bytes: Vec<u8>,
    /// What it is now; `None` for a file that is created.
    pub metadata: Option<Metadata>,
}

/// Checks all files; those whose bytes stay the same are left out.
pub(super) fn all(root: &Utf8Path, files: &BTreeMap<Utf8PathBuf, FileChange>) -> Result<Vec<Checked>, ApplyError> {
    let mut checked = Vec::with_capacity(files.len());
    for (path, change) in files {
        let before = change.before.encode();
        let bytes = change.after.encode();
        let metadata = one(root, path, &before)?;
        if before != bytes {
            checked.push(Checked { path: path.clone(), before, bytes, metadata });
        }
    }
    Ok(checked)
}

/// Checks that a file holds `bytes`.
pub(super) fn is_as(root: &Utf8Path, path: &Utf8Path, bytes: &[u8]) -> Result<(), ApplyError> {
    one(root, path, bytes).map(drop)
}

fn one(root: &Utf8Path, path: &Utf8Path, before: &[u8]) -> Result<Option<Metadata>, ApplyError> {
    let unfit = |why: &str| Err(ApplyError::Unfit(path.to_owned(), why.to_owned()));
    if !is_inside(path) {
        return unfit("is not a path below the root");
    }
    if has_linked_parent(root, path) {
        return unfit("lies behind a symbolic link");
    }
    let metadata = match fs::symlink_metadata(root.join(path)) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound && before.is_empty() => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ApplyError::Changed(path.to_owned())),
        Err(error) => return Err(ApplyError::Io { step: "reading", path: path.to_owned(), error }),
    };
    if metadata.file_type().is_symlink() {
        return unfit("is a symbolic link");
    }
    if !metadata.is_file() {
        return unfit("is not a regular file");
    }
    if links(&metadata) > 1 {
        return unfit("has several hard links, and only one of them would change");
    }
    if metadata.permissions().readonly() {
        return unfit("is read-only");
    }
    let now = fs::read(root.join(path));
    let now = now.map_err(|error| ApplyError::Io { step: "reading", path: path.to_owned(), error })?;
    if now == before { Ok(Some(metadata)) } else { Err(ApplyError::Changed(path.to_owned())) }
}

/// Whether `path` names something below the directory it is relative to, without a step up.
pub(super) fn is_inside(path: &Utf8Path) -> bool {
    path.file_name().is_some() && path.components().all(|part| matches!(part, Utf8Component::Normal(_)))
}

/// Whether a directory between `root` and `path` is a symbolic link.
pub(super) fn has_linked_parent(root: &Utf8Path, path: &Utf8Path) -> bool {
    path.ancestors()
        .skip(1)
        .filter(|above| !above.as_str().is_empty())
        .any(|above| fs::symlink_metadata(root.join(above)).is_ok_and(|metadata| metadata.file_type().is_symlink()))
}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}
